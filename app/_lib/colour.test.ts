import { lab } from 'd3';
import { describe, expect, it } from 'vitest';
import { contrast, inkOn, MARK_INK, PAPER, rampColour, tint } from './colour';

const themes = ['light', 'dark'] as const;
const steps = Array.from({ length: 21 }, (_, i) => i / 20);

describe('ramps', () => {
  it('ends at the stops of the visual language', () => {
    expect(lab(rampColour('sequential', 'light', 0)).formatHex()).toBe('#e8f4f4');
    expect(lab(rampColour('sequential', 'light', 1)).formatHex()).toBe('#152d42');
    expect(lab(rampColour('diverging', 'dark', 0.5)).formatHex()).toBe('#2b2e30');
  });
  it('clips what lies outside', () => {
    expect(rampColour('diverging', 'light', 7)).toBe(rampColour('diverging', 'light', 1));
    expect(rampColour('diverging', 'light', Number.NaN)).toBe(rampColour('diverging', 'light', 0));
  });
  it.each(themes)('the sequential ramp moves steadily away from the paper (%s)', (theme) => {
    const distance = steps.map((t) =>
      Math.abs(lab(rampColour('sequential', theme, t)).l - lab(PAPER[theme]).l),
    );
    for (let i = 1; i < distance.length; i++) expect(distance[i]).toBeGreaterThan(distance[i - 1] ?? 0);
  });
  it.each(themes)('marks stay readable on every tile (%s)', (theme) => {
    for (const ramp of ['sequential', 'diverging'] as const) {
      for (const t of steps) {
        const colour = rampColour(ramp, theme, t);
        const ink = MARK_INK[inkOn(colour)];
        expect(contrast(colour, ink)).toBeGreaterThan(4.2);
      }
    }
  });
  it('a tint lies between the paper and the colour', () => {
    const l = lab(tint('#152d42', 'light')).l;
    expect(l).toBeLessThan(lab(PAPER.light).l);
    expect(l).toBeGreaterThan(lab('#152d42').l);
  });
});
