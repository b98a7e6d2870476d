// The line in motion: draws a scene on a canvas, sixty times a second while it plays, with the controls of a
// player and a strip that shows the whole shift at a glance.
import { button, make } from "./dom.js";
import { patterns } from "./patterns.js";

const SPEEDS = [10, 30, 60, 120, 300, 900];
const GLIDE = 0.22; // seconds on the reader's clock that a part takes to its place
const ROW = 128;
const STRIP = 15;

export class Stage {
  constructor(speech) {
    this.speech = speech;
    this.spec = speech.spec;
    this.scene = null;
    this.time = 0;
    this.speed = 60;
    this.playing = false;
    this.frames = 0;
    const text = (key, values) => speech.text(key, values);
    this.canvas = make("canvas", { class: "ll-line", role: "img" });
    this.strip = make("canvas", { class: "ll-strip", "aria-hidden": "true", title: text("lab.gantt") });
    this.strip.addEventListener("pointerdown", (event) => this.scrubTo(event));
    this.strip.addEventListener("pointermove", (event) => event.buttons && this.scrubTo(event));
    this.play = button("▶", () => this.toggle(), { class: "ll-round ll-play", "aria-label": text("lab.play") });
    const back = button("⏮", () => this.go(this.scene.previous(this.time)), { class: "ll-round", "aria-label": text("lab.back"), title: text("lab.back") });
    const step = button("⏭", () => this.go(this.scene.next(this.time)), { class: "ll-round", "aria-label": text("lab.step"), title: text("lab.step") });
    this.rate = make("select", { "aria-label": text("lab.speed"), onchange: () => (this.speed = Number(this.rate.value)) },
      ...SPEEDS.map((times) => make("option", { value: times, selected: times === this.speed }, text("lab.speed.times", { times }))));
    this.slider = make("input", { type: "range", min: 0, max: 1, step: 1, value: 0, class: "ll-scrub", "aria-label": text("lab.scrub"), oninput: () => this.go(Number(this.slider.value)) });
    this.clock = make("output", { class: "ll-clock" });
    this.which = make("p", { class: "ll-which" });
    this.keys = make("ul", { class: "ll-legend" });
    this.said = make("p", { class: "ll-hidden", "aria-live": "polite" });
    this.element = make("section", { class: "ll-stage", "aria-label": text("lab.line") },
      this.which, this.canvas, make("div", { class: "ll-player", role: "group", "aria-label": text("lab.line") }, back, this.play, step, this.slider, this.clock, this.rate),
      this.strip, this.keys, this.said);
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(this.element);
    this.dark = new MutationObserver(() => this.resize());
    this.dark.observe(document.documentElement, { attributeFilter: ["data-theme", "data-jp-theme-light", "class"] });
    this.frame = this.frame.bind(this);
    this.seen = new IntersectionObserver(([entry]) => {
      this.visible = entry.isIntersecting;
      if (this.visible && this.playing) this.run();
    });
    this.seen.observe(this.canvas);
    this.visible = true;
  }

  showKeys(states) {
    this.keys.replaceChildren(...states.map((state) => make("li", {}, make("span", { class: `ll-key ll-${state}`, "aria-hidden": "true" }), this.speech.text(`state.${state}`))));
  }

  /** Show another scene; the moment stays, so that two lines can be compared at the same one. */
  show(scene, name) {
    this.scene = scene;
    this.which.textContent = this.speech.text("lab.line.which", { plan: name });
    this.slider.max = Math.floor(scene.seconds);
    this.time = Math.min(this.time, scene.seconds);
    const states = new Set(scene.stations.flatMap(({ stops }) => [...stops.stop_state].map((i) => this.spec.states[i])));
    const usual = ["working", "starved", "blocked"];
    this.showKeys(this.spec.states.filter((state) => usual.includes(state) || states.has(state)));
    this.resize();
  }

  /** Set it going, unless the reader wants things to keep still. */
  begin() {
    if (this.begun || !this.scene) return;
    this.begun = true;
    if (!this.playing && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.toggle();
  }

  toggle() {
    if (!this.scene) return;
    this.begun = true;
    this.playing = !this.playing;
    if (this.playing && this.time >= this.scene.seconds) this.time = 0;
    this.play.textContent = this.playing ? "⏸" : "▶";
    this.play.setAttribute("aria-label", this.speech.text(this.playing ? "lab.pause" : "lab.play"));
    if (this.playing) this.run();
    else this.describe(true);
  }

  run() {
    this.then = performance.now();
    cancelAnimationFrame(this.request);
    this.request = requestAnimationFrame(this.frame);
  }

  frame(now) {
    if (!this.playing || !this.visible || !this.element.isConnected) return;
    this.time += (Math.max(now - this.then, 0) / 1000) * this.speed;
    this.then = now;
    this.frames += 1;
    if (this.time >= this.scene.seconds) {
      this.time = this.scene.seconds;
      this.toggle();
    }
    this.paint();
    if (this.playing) this.request = requestAnimationFrame(this.frame);
  }

  go(time) {
    if (!this.scene) return;
    if (this.playing) this.toggle();
    this.time = Math.max(0, Math.min(time, this.scene.seconds));
    this.paint();
    this.describe(true);
  }

  scrubTo(event) {
    const box = this.strip.getBoundingClientRect();
    this.go(((event.clientX - box.left - this.margin) / (box.width - this.margin)) * this.scene.seconds);
  }

  close() {
    this.playing = false;
    this.watch.disconnect();
    this.dark.disconnect();
    this.seen.disconnect();
    cancelAnimationFrame(this.request);
  }

  // -- drawing

  resize() {
    if (!this.scene || !this.canvas.clientWidth) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const wide = this.canvas.clientWidth;
    const count = this.spec.stations.length;
    const most = Math.max(2, Math.floor((wide + 50) / 112));
    this.rows = Math.ceil(count / most);
    this.perRow = Math.ceil(count / this.rows);
    const size = (canvas, height) => {
      canvas.style.height = `${height}px`;
      canvas.width = Math.round(wide * ratio);
      canvas.height = Math.round(height * ratio);
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      return context;
    };
    this.wide = wide;
    this.context = size(this.canvas, this.rows * ROW + 8);
    this.machines = this.scene.stations.flatMap((station, j) => station.machines.map((_, m) => [j, m]));
    this.stripContext = size(this.strip, this.machines.length * STRIP + 4);
    this.looks = patterns(this.context, ratio);
    this.ink = getComputedStyle(this.canvas).color;
    this.paper = getComputedStyle(this.element).getPropertyValue("--ll-paper").trim() || "#fff";
    this.soft = getComputedStyle(this.element).getPropertyValue("--ll-line").trim() || "#ccc";
    this.paintStrip(ratio);
    this.paint();
    this.describe(false);
  }

  /** The whole shift, drawn once and kept; each frame only moves the cursor over it. */
  paintStrip(ratio) {
    this.kept = document.createElement("canvas");
    this.kept.width = this.strip.width;
    this.kept.height = this.strip.height;
    const c = this.kept.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.font = "12px system-ui, sans-serif";
    const names = this.spec.stations.map((station) => station.label);
    this.margin = Math.ceil(Math.min(Math.max(...names.map((name) => c.measureText(name).width)) + 8, this.wide * 0.3));
    const scale = (this.wide - this.margin) / this.scene.seconds;
    this.machines.forEach(([j, m], row) => {
      const y = row * STRIP + 2;
      this.scene.spans(j, m, (state, from, to) => {
        const begin = Math.max(from, 0) * scale;
        const length = Math.min(to, this.scene.seconds) * scale - begin;
        if (length <= 0) return;
        c.fillStyle = this.looks[typeof state === "number" ? this.spec.states[state] : state];
        c.fillRect(this.margin + begin, y, length, STRIP - 3);
      });
      c.fillStyle = this.ink;
      if (m === 0) c.fillText(names[j], 0, y + STRIP - 5, this.margin - 4);
    });
  }

  paint() {
    const { scene, time } = this;
    const c = this.context;
    if (!scene || !c) return;
    c.clearRect(0, 0, this.wide, this.rows * ROW + 8);
    const cell = this.wide / this.perRow;
    const box = Math.min(64, cell * 0.42);
    for (let j = 0; j < scene.stations.length; j++) {
      const x = (j % this.perRow) * cell + 2;
      const y = Math.floor(j / this.perRow) * ROW + 26;
      this.paintStation(c, j, x, y, box);
      if (j < scene.lanes.length) this.paintLane(c, j, x + box + 6, y, cell - box - 12, box, (j + 1) % this.perRow === 0);
    }
    const s = this.stripContext;
    s.clearRect(0, 0, this.wide, this.strip.height);
    s.drawImage(this.kept, 0, 0, this.wide, this.kept.height / (this.kept.width / this.wide));
    s.fillStyle = this.ink;
    s.fillRect(this.margin + ((this.wide - this.margin) * time) / scene.seconds - 1, 0, 2, this.machines.length * STRIP + 2);
    if (document.activeElement !== this.slider || this.playing) this.slider.value = Math.round(time);
    const now = this.speech.clock(time);
    if (this.clock.value !== now) this.clock.value = now;
  }

  paintStation(c, j, x, y, box) {
    const { scene, time } = this;
    const { label } = this.spec.stations[j];
    c.font = "600 13px system-ui, sans-serif";
    c.fillStyle = this.ink;
    c.textAlign = "left";
    c.fillText(label, x, y - 8, this.wide / this.perRow - 8);
    const count = scene.stations[j].machines.length;
    const high = box / count;
    for (let m = 0; m < count; m++) {
      const there = scene.machineAt(j, m, time);
      const state = there.stop >= 0 ? this.spec.states[there.stop] : there.state;
      c.fillStyle = this.looks[state];
      c.fillRect(x, y + m * high, box, high - (count > 1 ? 2 : 0));
      c.strokeStyle = this.ink;
      c.lineWidth = 1.5;
      c.strokeRect(x, y + m * high, box, high - (count > 1 ? 2 : 0));
      if (there.part) {
        const glide = Math.min(1, (time - there.since) / (GLIDE * this.speed));
        const size = Math.min(high * 0.42, 20);
        this.paintPart(c, x + box / 2 - (1 - glide) * (box / 2 + 4), y + (m + 0.5) * high, size, there.progress);
      }
      if (this.spec.crews.some((crew) => crew.stations.includes(j)) && (state === "working" || state === "waiting")) {
        this.paintPerson(c, x + box - 8, y + (m + 1) * high - 5, state === "working");
      }
      if (m === 0) this.caption(c, this.speech.text(`state.${state}`), x, y + box + 15, this.wide / this.perRow - 8);
    }
    if (j === scene.stations.length - 1) {
      const out = this.speech.text("lab.line.out", { count: this.speech.number(scene.outAt(time)), unit: this.unit });
      this.caption(c, out, x, y + box + 31, this.wide - x);
    }
  }

  get unit() {
    return this.spec.parts;
  }

  caption(c, words, x, y, room) {
    c.font = "12px system-ui, sans-serif";
    c.fillStyle = this.ink;
    c.fillText(words, x, y, Math.max(room, 40));
  }

  paintPart(c, x, y, size, progress) {
    c.fillStyle = "#fff";
    c.strokeStyle = "#1f2933";
    c.lineWidth = 1.2;
    c.fillRect(x - size / 2, y - size / 2, size, size);
    c.fillStyle = "#5b3f8c";
    c.fillRect(x - size / 2, y + size / 2 - size * progress, size, size * progress);
    c.strokeRect(x - size / 2, y - size / 2, size, size);
  }

  paintPerson(c, x, y, present) {
    c.beginPath();
    c.arc(x, y - 9, 3, 0, 7);
    c.moveTo(x - 4, y);
    c.lineTo(x, y - 6);
    c.lineTo(x + 4, y);
    c.closePath();
    c.lineWidth = 1.2;
    c.strokeStyle = "#111";
    c.fillStyle = present ? "#111" : "#fff";
    c.fill();
    c.stroke();
  }

  paintLane(c, i, x, y, wide, high, turns) {
    const { scene, time } = this;
    const lane = scene.lanes[i];
    const shown = Math.min(Math.max(lane.capacity, 1), 160);
    let side = 11;
    while (side > 3 && Math.floor(wide / side) * Math.floor((high - 10) / side) < shown) side -= 1;
    const rows = Math.max(1, Math.min(Math.floor((high - 10) / side), Math.ceil(shown / Math.floor(wide / side))));
    const columns = Math.floor(wide / side);
    const top = y + high - rows * side - 2;
    c.strokeStyle = this.soft;
    c.lineWidth = 1;
    c.strokeRect(x, top - 2, wide, rows * side + 4);
    const parts = scene.laneAt(i, time, GLIDE * this.speed);
    for (const part of parts) {
      const rank = part.rank;
      const column = Math.floor(rank / rows);
      if (column >= columns) break;
      const rest = x + wide - (column + 1) * side;
      const glide = Math.min(1, part.age / (GLIDE * this.speed));
      const px = x + (rest - x) * glide;
      const py = top + (rows - 1 - Math.floor(rank % rows)) * side;
      c.fillStyle = part.ready ? "#5b3f8c" : this.paper;
      c.strokeStyle = "#8c7aa9";
      c.fillRect(px + 0.5, py + 0.5, side - 1.5, side - 1.5);
      if (!part.ready) c.strokeRect(px + 0.5, py + 0.5, side - 1.5, side - 1.5);
    }
    const level = scene.levelAt(i, time);
    const words = this.speech.text("lab.line.places", { count: this.speech.number(level), capacity: this.speech.number(lane.capacity) });
    this.caption(c, words, x, y + high + 15, wide);
    c.fillStyle = this.ink;
    c.font = "13px system-ui, sans-serif";
    if (turns) c.fillText("↵", x + wide - 12, y + high + 15);
    else c.fillText("→", x + wide - 12, y + high + 15);
  }

  /** The moment in words, for readers who do not see it; said aloud when they stop or step. */
  describe(aloud) {
    const { scene, time, speech } = this;
    if (!scene) return;
    const parts = this.spec.stations.map(({ label }, j) => {
      const there = scene.stations[j].machines.map((_, m) => scene.machineAt(j, m, time));
      const names = there.map((x) => speech.text(`state.${x.stop >= 0 ? this.spec.states[x.stop] : x.state}`).toLowerCase());
      return speech.text("lab.line.station", { station: label, state: names.join(", ") });
    });
    const lanes = scene.lanes.map((_, i) => speech.text("lab.line.lane", {
      before: this.spec.stations[i].label, after: this.spec.stations[i + 1].label, count: speech.number(scene.levelAt(i, time)), unit: this.unit,
    }));
    const words = speech.text("lab.line.label", { clock: speech.clock(time), stations: `${[...parts, ...lanes].join("; ")}.` });
    this.canvas.setAttribute("aria-label", words);
    this.slider.setAttribute("aria-valuetext", speech.clock(time));
    if (aloud) this.said.textContent = words;
  }
}
