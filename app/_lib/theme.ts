'use client';

import { useSyncExternalStore } from 'react';
import { THEME_KEY } from './theme-script';

export type Theme = 'light' | 'dark';
const listeners = new Set<() => void>();
const read = (): Theme => (document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');

function stored(): string | null {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}

function apply(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener();
}

export function setTheme(theme: Theme): void {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // A browser that refuses storage still gets the theme for this page.
  }
  apply(theme);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  const media = window.matchMedia('(prefers-color-scheme: dark)');
  const follow = (): void => {
    if (stored() === null) apply(media.matches ? 'dark' : 'light');
  };
  media.addEventListener('change', follow);
  return () => {
    listeners.delete(listener);
    media.removeEventListener('change', follow);
  };
}

/** The theme in force; `light` while rendering on the server. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, read, () => 'light');
