// Words of the notice about editions.
export const TEXTS = {
  vi: {
    label: "Về đợt của trang này",
    old: "Trang này thuộc đợt {edition}; đợt mới nhất là {newest}.",
    same: "Mở trang này trong đợt {newest}",
    near: "Trang này không còn; mở phần gần nhất trong đợt {newest}",
    stay: "Nếu bạn đang học đợt {edition}, hãy ở lại đây: bài làm được lưu và nộp ở đây.",
    draft: "Đợt {edition} mới là bản nháp, nội dung còn thay đổi. Đừng làm bài để nộp ở đây.",
    close: "Đóng thông báo",
  },
  en: {
    label: "About the edition of this page",
    old: "This page belongs to edition {edition}; the newest is {newest}.",
    same: "Open this page in {newest}",
    near: "This page is gone; open the nearest one in {newest}",
    stay: "If your class works in {edition}, stay here: your work is kept and handed in here.",
    draft: "Edition {edition} is a draft and may still change. Do no work here that you want to hand in.",
    close: "Close this notice",
  },
};

const language = document.documentElement.lang.startsWith("en") ? "en" : "vi";

export function text(key, values = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
