// The look of each state: a colour that colour-blind readers can tell (Okabe & Ito) and a pattern for those who
// see none of it. The same as in the course's figures; lab.css has them for legends and bars.

export const LOOKS = {
  working: { colour: "#009e73", hatch: "" },
  starved: { colour: "#bbd9ee", hatch: "dots" },
  blocked: { colour: "#e69f00", hatch: "up" },
  down: { colour: "#d55e00", hatch: "cross" },
  stopped: { colour: "#cc79a7", hatch: "plus" },
  changeover: { colour: "#0072b2", hatch: "down" },
  waiting: { colour: "#f0e442", hatch: "rings" },
  maintenance: { colour: "#999999", hatch: "level" },
  off: { colour: "#ffffff", hatch: "" },
};

const SIZE = 8;

const STROKES = {
  up: (c) => line(c, [-2, 2, 2, -2], [0, 8, 8, 0], [6, 10, 10, 6]),
  down: (c) => line(c, [6, -2, 10, 2], [0, 0, 8, 8], [-2, 6, 2, 10]),
  cross: (c) => line(c, [0, 0, 8, 8], [0, 8, 8, 0]),
  plus: (c) => line(c, [4, 1, 4, 7], [1, 4, 7, 4]),
  level: (c) => line(c, [0, 4, 8, 4]),
  dots: (c) => [[2, 2], [6, 6]].forEach(([x, y]) => c.fillRect(x - 0.75, y - 0.75, 1.5, 1.5)),
  rings: (c) => {
    c.beginPath();
    c.arc(4, 4, 2, 0, 7);
    c.stroke();
  },
};

function line(c, ...lines) {
  c.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    c.moveTo(x1, y1);
    c.lineTo(x2, y2);
  }
  c.stroke();
}

/** Fill styles by state for a canvas context that is scaled by `ratio`. */
export function patterns(context, ratio) {
  const found = {};
  for (const [state, { colour, hatch }] of Object.entries(LOOKS)) {
    if (!hatch) {
      found[state] = colour;
      continue;
    }
    const tile = document.createElement("canvas");
    tile.width = tile.height = SIZE * ratio;
    const c = tile.getContext("2d");
    c.scale(ratio, ratio);
    c.fillStyle = colour;
    c.fillRect(0, 0, SIZE, SIZE);
    c.fillStyle = c.strokeStyle = state === "starved" ? "#45617a" : "#1f2933b0";
    c.lineWidth = 1.1;
    STROKES[hatch](c);
    const pattern = context.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / ratio));
    found[state] = pattern;
  }
  return found;
}
