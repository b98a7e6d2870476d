// Everything that a reader sees of the frame around a lab. The lab's own words come from linelab.
export const TEXTS = {
  vi: {
    start: "Bắt đầu bài thực hành",
    loading: "Tiến độ tải bài thực hành",
    files: "Đang tải Python và thư viện: {done} / {total} MB ({name})",
    boot: "Đang khởi động Python…",
    open: "Đang chạy mô phỏng đầu tiên…",
    live: "Bài thực hành đã sẵn sàng.",
    toolbar: "Điều khiển bài thực hành",
    restart: "Chạy lại từ đầu",
    stop: "Dừng",
    stopped: "Đã dừng bài thực hành.",
    retry: "Thử lại",
    failed: "Chưa mở được bài thực hành. {reason} Hình và kết quả của chuyền hiện tại vẫn xem được.",
    noWasm: "Trình duyệt này không có hoặc đã tắt WebAssembly; hãy dùng bản mới của Chrome, Edge, Firefox hoặc Safari.",
    fromFile: "Trang đang được mở thẳng từ tệp nên trình duyệt không cho chạy; hãy mở bằng địa chỉ web, hoặc bằng máy chủ kèm theo bản ngoại tuyến.",
    network: "Không tải được {name}; hãy kiểm tra kết nối mạng rồi thử lại.",
    slow: "Đã {seconds} giây không có tiến triển; mạng có thể bị ngắt, hãy thử lại.",
    inside: "Mô phỏng báo lỗi: {message}.",
    fault: "Mô phỏng báo lỗi: {message}. Nếu lặp lại, hãy bấm “Chạy lại từ đầu”.",
  },
  en: {
    start: "Start the lab",
    loading: "Progress of loading the lab",
    files: "Loading Python and libraries: {done} / {total} MB ({name})",
    boot: "Starting Python…",
    open: "Running the first simulation…",
    live: "The lab is ready.",
    toolbar: "Lab controls",
    restart: "Start again",
    stop: "Stop",
    stopped: "The lab is stopped.",
    retry: "Try again",
    failed: "The lab could not be opened. {reason} The picture and the results of today's line are still there.",
    noWasm: "This browser has no WebAssembly, or it is switched off; use a current Chrome, Edge, Firefox or Safari.",
    fromFile: "This page was opened straight from a file, where browsers run no labs; open it by its web address, or by the server that comes with the offline edition.",
    network: "{name} could not be loaded; check the connection and try again.",
    slow: "There was no progress for {seconds} seconds; the connection may be broken, try again.",
    inside: "The simulation reported an error: {message}.",
    fault: "The simulation reported an error: {message}. If it happens again, press “Start again”.",
  },
};

export const LANGUAGE = (document.documentElement.lang || "vi").slice(0, 2);

/** The text in the page's language, with {names} filled in. */
export function text(key, values = {}) {
  const chosen = TEXTS[LANGUAGE] ?? TEXTS.vi;
  return chosen[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
