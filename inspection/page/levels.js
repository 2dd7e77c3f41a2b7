// The loudness of a render over time, in a lane of its own: momentary, short-term, the limiter.

import { data, rate } from "./data.js";

const LOUDEST = 0, QUIETEST = -48, LIMITER_DB = 12;

/** Draw the lane. `box`: left, right, top and height; `pixels`: from a sample to its place. */
export function paintLevels(pen, colours, { left, right, top, height }, pixels) {
  const { momentary, short_term, limiter } = data.levels;
  const y = lufs => top + 2 + (height - 4) * Math.min(Math.max((LOUDEST - lufs) / (LOUDEST - QUIETEST), 0), 1);
  pen.save();
  pen.beginPath();
  pen.rect(left, top, right - left, height);
  pen.clip();
  pen.lineWidth = 1;
  pen.strokeStyle = colours["--soft"];
  line(pen, momentary, pixels, y, right);
  pen.lineWidth = 1.8;
  pen.strokeStyle = colours["--c1"];
  line(pen, short_term, pixels, y, right);
  if (limiter) {
    pen.fillStyle = colours["--bad"];
    limiter.values.forEach((value, k) => {
      const x = pixels((limiter.start_s + k * limiter.step_s) * rate);
      const wide = pixels((limiter.start_s + (k + 1) * limiter.step_s) * rate) - x;
      if (value && x < right && x + wide > left) pen.fillRect(x, top, Math.max(wide, 1), height * Math.min(value / LIMITER_DB, 1));
    });
  }
  pen.restore();
}

function line(pen, curve, pixels, y, right) {
  let isDown = false;
  pen.beginPath();
  for (let k = 0; k < curve.values.length; k++) {
    // A value belongs to the middle of its window, which ends at `start_s` for the first.
    const value = curve.values[k], x = pixels((curve.start_s / 2 + k * curve.step_s) * rate);
    if (value === null) { isDown = false; continue; }
    if (isDown) pen.lineTo(x, y(value)); else pen.moveTo(x, y(value));
    isDown = true;
    if (x > right) break;
  }
  pen.stroke();
}
