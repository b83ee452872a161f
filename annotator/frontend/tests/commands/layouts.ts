/** What the letter keys of keyboards print: by their places from Q to M on a US keyboard, row by row; "-" is a dead key. */
const PLACES = "QWERTYUIOPASDFGHJKLZXCVBNM";

const ROWS: Readonly<Record<string, string>> = {
  "US QWERTY": "q w e r t y u i o p a s d f g h j k l z x c v b n m",
  "German QWERTZ": "q w e r t z u i o p a s d f g h j k l y x c v b n m",
  "French AZERTY": "a z e r t y u i o p q s d f g h j k l w x c v b n ,",
  "Belgian AZERTY": "a z e r t y u i o p q s d f g h j k l w x c v b n ,",
  Dvorak: "' , . p y f g c r l a o e u i d h t n ; q j k x b m",
  Bépo: "b é p o è - v d l j a u i e , c t s r à y x . k ' q",
  Colemak: "q w f p g j l u y ; a r s t d h n e i z x c v b k m",
  "Neo 2": "x v l c w k h g f q u i a e o s n r t ü ö ä p z b m",
  "Turkish Q": "q w e r t y u ı o p a s d f g h j k l z x c v b n m",
  "Turkish F": "f g ğ ı o d r n h p u i e a ü t k m l j ö v c ç z s",
  Hungarian: "q w e r t z u i o p a s d f g h j k l y x c v b n m",
  Czech: "q w e r t z u i o p a s d f g h j k l y x c v b n m",
  Icelandic: "q w e r t y u i o p a s d f g h j k l z x c v b n m",
  "Swiss German": "q w e r t z u i o p a s d f g h j k l y x c v b n m",
  Workman: "q d r w b j f u p ; a s h t g y n e o i z x m c v k l",
  Ukrainian: "й ц у к е н г ш щ з ф і в а п р о л д я ч с м и т ь",
  Georgian: "ქ წ ე რ ტ ყ უ ი ო პ ა ს დ ფ გ ჰ ჯ კ ლ ზ ხ ც ვ ბ ნ მ",
  Persian: "ض ص ث ق ف غ ع ه خ ح ش س ی ب ل ا ت ن م ظ ط ز ر ذ د پ",
  Russian: "й ц у к е н г ш щ з ф ы в а п р о л д я ч с м и т ь",
  Greek: "; ς ε ρ τ υ θ ι ο π α σ δ φ γ η ξ κ λ ζ χ ψ ω β ν μ",
  Hebrew: "/ ' ק ר א ט ו ן ם פ ש ד ג כ ע י ח ל ך ז ס ב ה נ מ צ",
  Arabic: "ض ص ث ق ف غ ع ه خ ح ش س ي ب ل ا ت ن م ئ ء ؤ ر لا ى ة",
  Hindi: "ौ ै ा ी ू ब ह ग द ज ो े ् ि ु प र क त ॆ ं म न व ल स",
  Thai: "ๆ ไ ำ พ ะ ั ี ร น ย ฟ ห ก ด เ ้ ่ า ส ผ ป แ อ ิ ื ท",
  Korean: "ㅂ ㅈ ㄷ ㄱ ㅅ ㅛ ㅕ ㅑ ㅐ ㅔ ㅁ ㄴ ㅇ ㄹ ㅎ ㅗ ㅓ ㅏ ㅣ ㅋ ㅌ ㅊ ㅍ ㅠ ㅜ ㅡ",
};

export interface LayoutKey {
  readonly place: string;
  readonly prints: string;
}

export const LAYOUTS: readonly (readonly [string, readonly LayoutKey[]])[] = Object.entries(ROWS).map(([name, row]) => [
  name,
  row.split(" ").map((prints, index) => ({ place: PLACES[index], prints: prints === "-" ? "Dead" : prints })),
]);
