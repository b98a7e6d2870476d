// What the line was doing at any moment of a recorded shift. Pure functions of the columns that Python sends.

const KINDS = { float32: Float32Array, uint8: Uint8Array };

/** The columns of a message by name; its buffers come as array buffers or as views of them. */
export function columnsOf(data, buffers) {
  return Object.fromEntries((data.columns ?? []).map(({ name, kind }, i) => {
    const { buffer = buffers[i], byteOffset = 0, byteLength } = buffers[i];
    return [name, new KINDS[kind](buffer.slice(byteOffset, byteOffset + byteLength))];
  }));
}

const FAR = 9e6; // later than any shift: had not happened when the run ended

export class Scene {
  /** `data`: {seconds, lanes, machines}; `columns`: typed arrays, see linelab.widgets.scene. */
  constructor(data, columns) {
    this.seconds = data.seconds;
    this.lanes = data.lanes.map((lane, i) => ({ ...lane, ...pick(columns, "stay_lane", i, ["stay_enter", "stay_ready", "stay_exit"]) }));
    for (const lane of this.lanes) lane.latest = prefixMaximum(lane.stay_exit);
    this.stations = data.machines.map((machines, j) => ({
      machines: Array.from({ length: machines }, (_, m) => machine(columns, j, m)),
      stops: pick(columns, "stop_station", j, ["stop_state", "stop_begin", "stop_end"]),
    }));
    this.out = this.stations.at(-1).machines.flatMap((m) => [...m.op_leave]).filter((t) => t < FAR && t >= 0).sort((a, b) => a - b);
    const moments = ["op_start", "op_finish", "op_leave", "stop_begin", "stop_end"].flatMap((name) => [...columns[name]]);
    this.moments = Float64Array.from(new Set(moments.filter((t) => t > 0 && t < this.seconds))).sort();
  }

  /** State of a machine: {state: index of the stop or a name, part: bool, progress: 0…1, since}. */
  machineAt(j, m, t) {
    const station = this.stations[j];
    const { op_start, op_finish, op_leave } = station.machines[m];
    const k = last(op_start, t);
    const inside = k >= 0 && t < op_leave[k];
    const stop = stopAt(station, t, inside || station.machines.length === 1);
    const there = { part: inside, since: k < 0 ? -FAR : op_start[k], progress: 0, stop: -1, state: "starved" };
    if (inside) {
      there.progress = Math.min(1, (t - op_start[k]) / Math.max(op_finish[k] - op_start[k], 1e-9));
      there.state = t < op_finish[k] ? "working" : "blocked";
    }
    if (stop >= 0 && there.state !== "blocked") there.stop = stop;
    return there;
  }

  /** Parts in a lane at t, the next to go first: [{ready, rank, age, moving}]; ranks glide as parts go. */
  laneAt(i, t, glide) {
    const { stay_enter, stay_ready, stay_exit, latest } = this.lanes[i];
    const end = last(stay_enter, t) + 1;
    let begin = last(latest, t - glide) + 1;
    const parts = [];
    let ahead = 0;
    for (; begin < end; begin++) {
      if (stay_exit[begin] <= t) {
        const gone = (t - stay_exit[begin]) / glide; // what has just gone makes room step by step
        if (gone < 1) ahead += 1 - gone;
        continue;
      }
      parts.push({ rank: ahead, age: t - stay_enter[begin], ready: stay_ready[begin] <= t });
      ahead += 1;
    }
    return parts;
  }

  levelAt(i, t) {
    const { stay_enter, stay_exit, latest } = this.lanes[i];
    let count = 0;
    for (let k = last(latest, t) + 1; k <= last(stay_enter, t); k++) if (stay_exit[k] > t) count += 1;
    return count;
  }

  outAt(t) {
    return last(this.out, t) + 1;
  }

  next(t) {
    const k = last(this.moments, t + 1e-6) + 1;
    return k < this.moments.length ? this.moments[k] : this.seconds;
  }

  previous(t) {
    const k = last(this.moments, t - 1e-3);
    return k >= 0 ? this.moments[k] : 0;
  }

  /** Spans of one machine for drawing its shift in one strip: calls paint(state or stop index, from, to). */
  spans(j, m, paint) {
    const { op_start, op_finish, op_leave } = this.stations[j].machines[m];
    paint("starved", 0, this.seconds);
    for (let k = 0; k < op_start.length; k++) {
      paint("working", op_start[k], op_finish[k]);
      if (op_leave[k] > op_finish[k]) paint("blocked", op_finish[k], op_leave[k]);
    }
    const { stop_state, stop_begin, stop_end } = this.stations[j].stops;
    for (let k = 0; k < stop_state.length; k++) paint(stop_state[k], stop_begin[k], stop_end[k]);
  }
}

function machine(columns, j, m) {
  const rows = [];
  for (let k = 0; k < columns.op_start.length; k++) {
    if (columns.op_station[k] === j && columns.op_machine[k] === m) rows.push(k);
  }
  return take(columns, rows, ["op_start", "op_finish", "op_leave"]);
}

function pick(columns, key, value, names) {
  const rows = [];
  for (let k = 0; k < columns[key].length; k++) if (columns[key][k] === value) rows.push(k);
  return take(columns, rows, names);
}

function take(columns, rows, names) {
  return Object.fromEntries(names.map((name) => [name, Float64Array.from(rows, (k) => columns[name][k])]));
}

function prefixMaximum(values) {
  const found = new Float64Array(values.length);
  for (let k = 0, most = -Infinity; k < values.length; k++) found[k] = most = Math.max(most, values[k]);
  return found;
}

/** Index of the last value that is not above t; -1 if all are. */
function last(sorted, t) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function stopAt({ stops }, t, applies) {
  if (!applies) return -1;
  for (let k = 0; k < stops.stop_begin.length; k++) {
    if (stops.stop_begin[k] <= t && t < stops.stop_end[k]) return stops.stop_state[k];
  }
  return -1;
}
