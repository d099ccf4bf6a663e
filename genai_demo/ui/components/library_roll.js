// The piano roll: a keyboard on the left, bars from left to right, and a line where the music is.
const roll = (() => {
  // Width of the keyboard and height of the ruler in pixels, at the usual size of type: they grow with it.
  const [USUAL_KEYBOARD, USUAL_RULER] = [40, 22];
  let [KEYBOARD, RULER] = [USUAL_KEYBOARD, USUAL_RULER];
  const BAR = { narrow: 150, wide: 180 };
  const AHEAD = 0.3;

  // The keys that are shown: those that are played and a few more, three octaves at least.
  function rangeOf(notes) {
    let [low, high] = [60, 60];
    if (notes.length) {
      low = high = notes[0][1];
      for (const [, pitch] of notes) { low = Math.min(low, pitch); high = Math.max(high, pitch); }
    }
    low -= 2;
    high += 2;
    while (high - low < 36) { if ((low + high) / 2 < 62) high += 1; else low -= 1; }
    return { low: Math.max(21, low), high: Math.min(108, high) };
  }

  // How ticks and keys become pixels; pieces that fit are stretched to the whole width.
  function layout(view) {
    const { music, canvas } = view;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    const end = music.bars[music.bars.length - 1];
    const usual = Math.max(...music.bars.slice(1, 9).map((start, index) => start - music.bars[index]));
    const room = Math.max(1, width - KEYBOARD);
    const scale = Math.max((width < 500 ? BAR.narrow : BAR.wide) / usual, Math.min(room / end, room / (2 * usual)));
    const range = view.range || (view.range = rangeOf(music.notes));
    return { width, height, room, scale, end, ...range, row: (height - RULER) / (range.high - range.low + 1) };
  }

  const furthest = (plan) => Math.max(0, plan.end * plan.scale - plan.room);

  // Keeps the line in sight: the page follows it, or turns where movement is not wanted.
  function follow(view, plan) {
    const x = view.tick * plan.scale;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!calm) view.offset = x - plan.room * AHEAD;
    else if (x < view.offset || x > view.offset + plan.room * 0.95) view.offset = x - plan.room * 0.05;
    view.offset = Math.min(Math.max(0, view.offset), furthest(plan));
  }

  function block(brush, x, y, width, height, radius) {
    brush.beginPath();
    brush.roundRect(x, y, width, height, Math.min(radius, width / 2, height / 2));
    brush.fill();
  }

  // Draws a view: { music, canvas, tick, offset, selected: [first, last] or null, playing, colours }.
  function draw(view) {
    const { canvas, music } = view;
    if (!canvas.clientWidth) return;
    const density = window.devicePixelRatio || 1;
    const paint = view.colours || (view.colours = notes.colours(canvas));
    [KEYBOARD, RULER] = [USUAL_KEYBOARD * paint.type, USUAL_RULER * paint.type];
    const plan = layout(view);
    const size = [Math.round(plan.width * density), Math.round(plan.height * density)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    if (view.playing || music.growing) follow(view, plan);
    view.offset = Math.min(Math.max(0, view.offset), furthest(plan));
    const brush = canvas.getContext("2d");
    brush.setTransform(density, 0, 0, density, 0, 0);
    brush.clearRect(0, 0, plan.width, plan.height);
    brush.save();
    brush.beginPath();
    brush.rect(KEYBOARD, 0, plan.room, plan.height);
    brush.clip();
    const xOf = (tick) => KEYBOARD + tick * plan.scale - view.offset;
    const yOf = (pitch) => RULER + (plan.high - pitch) * plan.row;
    drawGround(brush, view, plan, paint, xOf, yOf);
    inside.under(view, brush, plan, paint, xOf, yOf);
    const held = drawNotes(brush, view, plan, paint, xOf, yOf);
    inside.over(view, brush, plan, paint, xOf, yOf);
    if (!music.growing) {
      const x = Math.round(xOf(view.tick));
      brush.fillStyle = paint.ink;
      brush.fillRect(x - 0.75, 0, 1.5, plan.height);
      brush.beginPath();
      brush.moveTo(x - 5, 0);
      brush.lineTo(x + 5, 0);
      brush.lineTo(x, 7);
      brush.fill();
    }
    brush.restore();
    drawKeyboard(brush, plan, paint, yOf, held);
  }

  function drawGround(brush, view, plan, paint, xOf, yOf) {
    const { music } = view;
    const bottom = plan.height;
    const last = music.bars.length - 2;
    if (music.changed) {
      const [from, to] = music.changed.map((bar) => Math.min(bar, last));
      const [x, width] = [xOf(music.bars[from]), (music.bars[to + 1] - music.bars[from]) * plan.scale];
      brush.fillStyle = paint.mark;
      brush.fillRect(x, 0, width, bottom);
      brush.fillStyle = paint.changed;
      brush.fillRect(x, bottom - 4, width, 4);
    }
    brush.fillStyle = paint.shade;
    for (let pitch = plan.low; pitch <= plan.high; pitch += 1) {
      if (notes.isBlack(pitch)) brush.fillRect(KEYBOARD, yOf(pitch), plan.room, plan.row);
    }
    brush.fillStyle = paint.line;
    for (let pitch = plan.low; pitch <= plan.high; pitch += 1) {
      if (pitch % 12 === 0) brush.fillRect(KEYBOARD, Math.round(yOf(pitch) + plan.row) - 1, plan.room, 1);
    }
    brush.globalAlpha = 0.55;
    music.beats.forEach((tick) => brush.fillRect(Math.round(xOf(tick)), RULER, 1, bottom));
    brush.globalAlpha = 1;
    brush.fillRect(KEYBOARD, RULER - 1, plan.room, 1);
    brush.font = `500 ${11 * paint.type}px ${paint.font}`;
    brush.textBaseline = "middle";
    music.bars.forEach((tick, index) => {
      const x = Math.round(xOf(tick));
      if (x < KEYBOARD - 200 || x > plan.width + 5) return;
      brush.fillStyle = paint.soft;
      brush.globalAlpha = 0.5;
      brush.fillRect(x, 5, 1, bottom);
      brush.globalAlpha = 1;
      if (index <= last) brush.fillText(String(index + 1), x + 6, RULER / 2);
    });
    if (view.selected) {
      const [first, final] = view.selected.map((bar) => Math.min(Math.max(bar, 0), last));
      const [top, height] = view.keys ? [yOf(view.keys[1]), yOf(view.keys[0]) + plan.row - yOf(view.keys[1])] : [0, bottom];
      const x = xOf(music.bars[first]);
      const width = (music.bars[final + 1] - music.bars[first]) * plan.scale;
      brush.fillStyle = paint.chosen;
      brush.globalAlpha = 0.12;
      brush.fillRect(x, top, width, height);
      brush.globalAlpha = 1;
      brush.fillRect(x, RULER - 3, width, 3);
      if (view.keys) {
        brush.strokeStyle = paint.chosen;
        brush.strokeRect(x, top, width, height);
      }
    }
  }

  // Returns the hand that holds each key at the line.
  function drawNotes(brush, view, plan, paint, xOf, yOf) {
    const held = new Map();
    const from = view.offset / plan.scale;
    const until = (view.offset + plan.room) / plan.scale;
    const gap = plan.row > 4 ? 1 : 0.5;
    for (const [number, [start, pitch, length, hand]] of view.music.notes.entries()) {
      if (start > until) break;
      const strength = inside.strength(view, number);
      if (start + length < from || strength === 0) continue;
      const heard = !view.music.growing && (view.playing || view.tick > 0);
      const sounds = heard && start <= view.tick && view.tick < start + length;
      if (sounds) held.set(pitch, hand);
      const x = xOf(start);
      const width = Math.max(2, length * plan.scale - 1);
      brush.fillStyle = sounds || inside.fresh(view, number) ? paint.sounding : paint.hands[hand];
      brush.globalAlpha = sounds ? 1 : strength ?? 0.9;
      block(brush, x + 0.5, yOf(pitch) + gap / 2, width, plan.row - gap, 2.5);
      brush.globalAlpha = 1;
      if (sounds || strength !== null) {
        brush.strokeStyle = paint.hands[hand];
        brush.lineWidth = sounds ? 2 : 0.75;
        brush.strokeRect(x, yOf(pitch), width + 1, plan.row);
      }
    }
    return held;
  }

  function drawKeyboard(brush, plan, paint, yOf, held) {
    brush.fillStyle = paint.paper;
    brush.fillRect(0, 0, KEYBOARD, RULER);
    brush.fillStyle = paint.white;
    brush.fillRect(0, RULER, KEYBOARD, plan.height);
    for (let pitch = plan.low; pitch <= plan.high; pitch += 1) {
      const y = yOf(pitch);
      if (held.has(pitch)) {
        brush.fillStyle = paint.sounding;
        block(brush, 1, y, KEYBOARD - 3, plan.row, 2);
      } else if (notes.isBlack(pitch)) {
        brush.fillStyle = paint.black;
        brush.fillRect(0, y, KEYBOARD * 0.58, plan.row);
      }
      if (pitch % 12 === 0 || pitch % 12 === 5) {
        brush.fillStyle = paint.black;
        brush.globalAlpha = 0.3;
        brush.fillRect(0, Math.round(y + plan.row) - 1, KEYBOARD - 1, 1);
        brush.globalAlpha = 1;
      }
    }
    brush.fillStyle = paint.black;
    brush.font = `${9 * paint.type}px ${paint.font}`; // an octave has room for it
    brush.textBaseline = "middle";
    brush.textAlign = "right";
    for (let pitch = Math.ceil(plan.low / 12) * 12; pitch <= plan.high; pitch += 12) {
      if (held.has(pitch)) continue;
      brush.fillText(`C${pitch / 12 - 1}`, KEYBOARD - 5, yOf(pitch) + plan.row / 2 - (plan.row < 9 ? 2 : 0));
    }
    brush.textAlign = "left";
    brush.fillStyle = paint.soft;
    brush.fillRect(KEYBOARD - 1, RULER, 1, plan.height);
  }

  // The tick under a pointer.
  function tickAt(view, event) {
    const box = view.canvas.getBoundingClientRect();
    const plan = layout(view);
    const x = Math.max(0, event.clientX - box.left - KEYBOARD);
    return Math.min(Math.max(0, (x + view.offset) / plan.scale), plan.end - 1);
  }

  // The key under a pointer.
  function pitchAt(view, event) {
    const plan = layout(view);
    const y = event.clientY - view.canvas.getBoundingClientRect().top - RULER;
    return Math.min(Math.max(plan.low, plan.high - Math.floor(y / plan.row)), plan.high);
  }

  // Brings a tick into sight.
  function reveal(view) {
    if (!view.canvas.clientWidth) return;
    const plan = layout(view);
    const x = view.tick * plan.scale;
    if (x < view.offset || x > view.offset + plan.room - 30) view.offset = x - plan.room * AHEAD;
  }

  return { draw, layout, tickAt, pitchAt, reveal };
})();
