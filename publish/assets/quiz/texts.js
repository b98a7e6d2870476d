// Everything that the self-check says by itself; questions and explanations come with the page.
export const TEXTS = {
  vi: {
    right: "Đúng.",
    wrong: "Chưa đúng.",
    partly: "Mới đúng {n}/{total}.",
    empty: "Hãy trả lời rồi mới bấm kiểm tra.",
    unfinished: "Hãy chọn cho đủ mọi dòng.",
    noNumber: "Hãy viết một con số, ví dụ 12,5.",
    position: "Vị trí {n} trên {total}",
    score: "Bạn đã trả lời đúng {n}/{total} câu, trong đó {first} câu đúng ngay lần đầu.",
    kept: "Kết quả chỉ được giữ trong trình duyệt này; xem ở trang",
    page: "Tiến độ của tôi",
    notKept: "Trình duyệt này không cho lưu kết quả; bạn vẫn tự kiểm tra được.",
    done: "Câu này bạn đã trả lời đúng.",
  },
  en: {
    right: "Right.",
    wrong: "Not yet.",
    partly: "{n} of {total} are right.",
    empty: "Answer first, then check.",
    unfinished: "Choose something in every line.",
    noNumber: "Write a number, such as 12.5.",
    position: "Place {n} of {total}",
    score: "You have answered {n} of {total} questions right, {first} of them at once.",
    kept: "The result is kept in this browser only; you find it on the page",
    page: "My progress",
    notKept: "This browser does not let the result be kept; the self-check works all the same.",
    done: "You have answered this one right.",
  },
};

export const LANGUAGE = (document.documentElement.lang || "vi").startsWith("en") ? "en" : "vi";

/** The text in the page's language, with {names} filled in. */
export function text(key, values = {}) {
  return TEXTS[LANGUAGE][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
