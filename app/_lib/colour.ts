import { interpolateLab, interpolateRgbBasis, piecewise, rgb } from 'd3';
import type { Theme } from './theme';

/** Stops of the visual language, light end of the page's paper first. */
const SEQUENTIAL = {
  light: ['#e8f4f4', '#a8d6dd', '#6cb6c9', '#3994b1', '#197093', '#154d6d', '#152d42'],
  dark: ['#202930', '#23495b', '#206b83', '#258fa5', '#47b4c1', '#77d7da', '#adf9f3'],
} as const;
const DIVERGING = {
  light: ['#ad6930', '#cbab86', '#f0f3f4', '#5d9bbb', '#094c74'],
  dark: ['#bf8852', '#775e3f', '#2b2e30', '#588391', '#7ad8e7'],
} as const;

export const PAPER: Record<Theme, string> = { light: '#fcfbf8', dark: '#10161a' };

const scales = {
  sequential: {
    light: piecewise(interpolateLab, [...SEQUENTIAL.light]),
    dark: piecewise(interpolateLab, [...SEQUENTIAL.dark]),
  },
  diverging: {
    light: piecewise(interpolateLab, [...DIVERGING.light]),
    dark: piecewise(interpolateLab, [...DIVERGING.dark]),
  },
};

export type Ramp = keyof typeof scales;

const clamp = (t: number): number => Math.min(1, Math.max(0, t));

/** Colour at t in 0–1 of a ramp; 1 is always "better" (petrol). Outside values are clipped. */
export function rampColour(ramp: Ramp, theme: Theme, t: number): string {
  return scales[ramp][theme](clamp(Number.isFinite(t) ? t : 0));
}

/** The same colour at 26 % over paper: the tint that carries a tile smaller than its cell. */
export function tint(colour: string, theme: Theme, share = 0.26): string {
  return interpolateRgbBasis([PAPER[theme], colour])(share);
}

/** Inks of the marks on tiles, the same in both themes. */
export const MARK_INK = { light: '#ffffff', dark: '#12181d' } as const;

/** The ink that stands out more on a colour. */
export function inkOn(colour: string): 'light' | 'dark' {
  return contrast(colour, MARK_INK.light) >= contrast(colour, MARK_INK.dark) ? 'light' : 'dark';
}

/** WCAG contrast ratio of two colours. */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const { r, g, b } = rgb(colour);
  const linear = [r, g, b].map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}
