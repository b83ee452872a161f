"""The small pages around signing in: one line and one thing to do, in the editor's languages.

Tests: tests/web/sharing/test_oidc.py
"""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

_LANGUAGES = ("en", "de", "es", "zh")

_TEXTS: dict[str, tuple[str, str, str, str]] = {
    "sign_in": ("Sign in", "Anmelden", "Iniciar sesión", "登录"),
    "signed_out": ("You are signed out.", "Sie sind abgemeldet.", "Ha cerrado la sesión.", "您已退出登录。"),
    "state": (
        "This sign-in was begun in another browser, or too long ago. Sign in again.",
        "Diese Anmeldung begann in einem anderen Browser oder vor zu langer Zeit. Melden Sie sich noch einmal an.",
        "Este inicio de sesión empezó en otro navegador o hace demasiado tiempo. Vuelva a iniciar sesión.",
        "此次登录是在其他浏览器中开始的，或已超时。请重新登录。",
    ),
    "nonce": (
        "The sign-in server's answer belongs to another sign-in. Sign in again.",
        "Die Antwort des Anmeldeservers gehört zu einer anderen Anmeldung. Melden Sie sich noch einmal an.",
        "La respuesta del servidor de acceso pertenece a otro inicio de sesión. Vuelva a iniciar sesión.",
        "登录服务器的应答属于另一次登录。请重新登录。",
    ),
    "expired": (
        "The sign-in server's answer has expired: compare the clocks of the two servers.",
        "Die Antwort des Anmeldeservers ist abgelaufen: Vergleichen Sie die Uhren der beiden Server.",
        "La respuesta del servidor de acceso ha caducado: compare los relojes de los dos servidores.",
        "登录服务器的应答已过期：请核对两台服务器的时钟。",
    ),
    "audience": (
        "The sign-in server's answer is meant for another application: compare the client's id.",
        "Die Antwort des Anmeldeservers gilt einer anderen Anwendung: Vergleichen Sie die Client-ID.",
        "La respuesta del servidor de acceso es para otra aplicación: compare el id. de cliente.",
        "登录服务器的应答是给另一个应用的：请核对客户端 ID。",
    ),
    "issuer": (
        "The sign-in server calls itself by another address than this server was told: compare ANNOTATOR_OIDC_ISSUER.",
        "Der Anmeldeserver nennt sich anders, als diesem Server gesagt wurde: Vergleichen Sie ANNOTATOR_OIDC_ISSUER.",
        "El servidor de acceso se llama de otro modo que el indicado a este servidor: compare ANNOTATOR_OIDC_ISSUER.",
        "登录服务器自称的地址与本服务器的设置不同：请核对 ANNOTATOR_OIDC_ISSUER。",
    ),
    "signature": (
        "The signature of the sign-in server's answer fits none of its keys.",
        "Die Unterschrift unter der Antwort des Anmeldeservers passt zu keinem seiner Schlüssel.",
        "La firma de la respuesta del servidor de acceso no corresponde a ninguna de sus claves.",
        "登录服务器应答的签名与其任何密钥都不相符。",
    ),
    "down": (
        "The sign-in server does not answer. Try again in a moment.",
        "Der Anmeldeserver antwortet nicht. Versuchen Sie es gleich noch einmal.",
        "El servidor de acceso no responde. Inténtelo de nuevo en un momento.",
        "登录服务器没有应答。请稍后再试。",
    ),
    "refused": (
        "The sign-in server refused: {why}",
        "Der Anmeldeserver hat abgelehnt: {why}",
        "El servidor de acceso lo rechazó: {why}",
        "登录服务器拒绝了：{why}",
    ),
    "nameless": (
        "The sign-in server does not say your name in “{why}”: ask whoever runs this server.",
        "Der Anmeldeserver nennt Ihren Namen nicht in „{why}“: Fragen Sie, wer diesen Server betreibt.",
        "El servidor de acceso no da su nombre en «{why}»: pregunte a quien administra este servidor.",
        "登录服务器没有在“{why}”中给出您的名称：请询问本服务器的管理者。",
    ),
    "unseen": (
        "Your name at the sign-in server has a character that nobody sees: {why}",
        "Ihr Name beim Anmeldeserver enthält ein unsichtbares Zeichen: {why}",
        "Su nombre en el servidor de acceso tiene un carácter invisible: {why}",
        "您在登录服务器上的名称含有不可见字符：{why}",
    ),
    "strange": (
        "The sign-in server answers otherwise than OpenID Connect says: {why}",
        "Der Anmeldeserver antwortet anders, als OpenID Connect es vorsieht: {why}",
        "El servidor de acceso responde de forma distinta a la de OpenID Connect: {why}",
        "登录服务器的应答不符合 OpenID Connect：{why}",
    ),
}

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Annotator</title><style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ margin: 20vh auto; max-width: 34rem; padding: 0 1.5rem; text-align: center; overflow-wrap: anywhere }}
a {{ display: inline-block; margin-top: 1rem; padding: .5rem 1.25rem; border: 1px solid; border-radius: .5rem;
color: inherit; text-decoration: none }}
</style></head><body><p role="{role}">{line}</p><a href="{target}">{label}</a></body></html>
"""


def sign_in_page(name: str, *, accepted: str, target: str, status: int, why: str = "") -> HTMLResponse:
    """name: of a text. accepted: what the browser says of its languages. target: where signing in begins."""
    language = _language_of(accepted)
    line, label = (_TEXTS[one][_LANGUAGES.index(language)] for one in (name, "sign_in"))
    page = _PAGE.format(
        language=language,
        role="status" if status == 200 else "alert",
        line=escape(line.replace("{why}", why[:300])),
        target=escape(target),
        label=label,
    )
    return HTMLResponse(page, status_code=status, headers={"cache-control": "no-store"})


def _language_of(accepted: str) -> str:
    spoken = (one.partition(";")[0].strip().lower().partition("-")[0] for one in accepted.split(","))
    return next((one for one in spoken if one in _LANGUAGES), "en")
