/** Texts about pictures that are handed out, in each language. */

export const handoutEn = {
  handoutTitle: "Several people at once",
  handoutRule: "Where pictures are handed out, “next” gives everybody one that nobody else has. It stays theirs while they work on it, and ten minutes after they were last heard of. Others can look at it meanwhile.",
  handoutSwitch: "Hand pictures out",
  handoutNobody: "Nobody has a picture at the moment.",
  handoutRelease: "Release",
  handoutReleaseHint: "Let others have this picture now",
  heldBy: "{name} has this picture",
  heldByWindow: "Somebody has this picture in another window",
  heldUntil: "{who}, at least until {time}. You can look at it.",
  heldNext: "Next picture",
  heldTake: "Take it over",
  heldElsewhere: "Nothing was changed: somebody else has this picture",
  leaseLost: "You were away for long, and somebody else has this picture now. What you did is kept",
} as const;

type Table = Readonly<Record<keyof typeof handoutEn, string>>;

export const handoutDe: Table = {
  handoutTitle: "Mehrere zugleich",
  handoutRule: "Werden Bilder ausgeteilt, gibt „Nächstes“ jedem eines, das sonst niemand hat. Es bleibt bei ihm, solange er daran arbeitet, und zehn Minuten nach seinem letzten Lebenszeichen. Andere können es so lange ansehen.",
  handoutSwitch: "Bilder austeilen",
  handoutNobody: "Zurzeit hat niemand ein Bild.",
  handoutRelease: "Freigeben",
  handoutReleaseHint: "Dieses Bild jetzt anderen überlassen",
  heldBy: "{name} hat dieses Bild",
  heldByWindow: "Jemand hat dieses Bild in einem anderen Fenster",
  heldUntil: "{who}, mindestens bis {time}. Sie können es ansehen.",
  heldNext: "Nächstes Bild",
  heldTake: "Übernehmen",
  heldElsewhere: "Nichts wurde geändert: Jemand anders hat dieses Bild",
  leaseLost: "Sie waren lange fort, und jemand anders hat jetzt dieses Bild. Was Sie getan haben, bleibt erhalten",
};

export const handoutEs: Table = {
  handoutTitle: "Varias personas a la vez",
  handoutRule: "Si las imágenes se reparten, «siguiente» da a cada persona una que nadie más tiene. Es suya mientras trabaja en ella y hasta diez minutos después de su última señal. Los demás pueden mirarla entretanto.",
  handoutSwitch: "Repartir las imágenes",
  handoutNobody: "Nadie tiene una imagen en este momento.",
  handoutRelease: "Liberar",
  handoutReleaseHint: "Dejar esta imagen a otros ahora",
  heldBy: "{name} tiene esta imagen",
  heldByWindow: "Alguien tiene esta imagen en otra ventana",
  heldUntil: "{who}, al menos hasta las {time}. Usted puede mirarla.",
  heldNext: "Siguiente imagen",
  heldTake: "Tomarla",
  heldElsewhere: "No se cambió nada: otra persona tiene esta imagen",
  leaseLost: "Estuvo ausente mucho tiempo y otra persona tiene ahora esta imagen. Lo que hizo se conserva",
};

export const handoutZh: Table = {
  handoutTitle: "多人同时工作",
  handoutRule: "分发图片时，“下一张”会给每个人一张别人没有的图片。在其工作期间以及最后一次活动后的十分钟内，这张图片归其所有，其他人此时可以查看。",
  handoutSwitch: "分发图片",
  handoutNobody: "目前没有人持有图片。",
  handoutRelease: "释放",
  handoutReleaseHint: "现在就让其他人使用这张图片",
  heldBy: "{name} 正在处理这张图片",
  heldByWindow: "有人在另一个窗口中处理这张图片",
  heldUntil: "{who}，至少到 {time}。您可以查看。",
  heldNext: "下一张图片",
  heldTake: "接手",
  heldElsewhere: "未作更改：其他人正在处理这张图片",
  leaseLost: "您离开了较长时间，这张图片现在由其他人处理。您所做的已保留",
};
