// Scans the QR code of a print with the camera, where the browser reads QR codes by itself; where it does not,
// says to use the phone's own camera app, whose link opens this page. The picture stays in the browser.

const EVERY = 150; // milliseconds between two looks

// Returns the element; `found` is called with what is behind the "#" of a certificate's link.
export function scanner(say, found) {
  const box = document.createElement("div");
  box.className = "cv-scan";
  const note = (key) => Object.assign(document.createElement("p"), { className: "cv-scan-note", textContent: say(key) });
  const phone = note("scan-phone");
  box.append(phone);
  if (!("BarcodeDetector" in globalThis) || !navigator.mediaDevices?.getUserMedia) return box;

  const button = Object.assign(document.createElement("button"), { type: "button", className: "cv-button cv-scan-button" });
  const video = Object.assign(document.createElement("video"), { playsInline: true, muted: true, className: "cv-video" });
  const line = note("scan-hint");
  line.setAttribute("role", "status");
  let stream = null;

  const idle = (key) => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    button.textContent = say("scan");
    const after = key ? [Object.assign(line, { textContent: say(key) })] : [];
    box.replaceChildren(button, ...after, phone);
  };
  const watch = async () => {
    try {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      const mine = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } });
      stream = mine;
      video.srcObject = mine;
      button.textContent = say("scan-stop");
      line.textContent = say("scan-hint");
      box.replaceChildren(button, video, line);
      await video.play();
      while (stream === mine) {
        const codes = await detector.detect(video);
        if (stream !== mine) return;
        const fragment = codes.map((code) => /#(\d+\.\d+)$/.exec(code.rawValue)?.[1]).find(Boolean);
        if (fragment) {
          idle();
          found(fragment);
          return;
        }
        if (codes.length) line.textContent = say("scan-other");
        await new Promise((next) => setTimeout(next, EVERY));
      }
    } catch {
      idle("scan-refused");
    }
  };
  button.addEventListener("click", () => (stream ? idle() : watch()));
  addEventListener("pagehide", () => stream && idle());
  idle();
  return box;
}
