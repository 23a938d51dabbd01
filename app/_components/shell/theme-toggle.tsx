'use client';

import { setTheme, useTheme } from '@/app/_lib/theme';

export function ThemeToggle() {
  const theme = useTheme();
  const next = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      className="grid size-8 place-items-center rounded-control text-ink2 hover:bg-line hover:text-ink"
      onClick={() => setTheme(next)}
      aria-label={`Use the ${next} theme`}
    >
      <svg
        width="15"
        height="15"
        viewBox="0 0 16 16"
        aria-hidden="true"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
      >
        {theme === 'dark' ? (
          <path d="M13.2 9.8A5.8 5.8 0 0 1 6.2 2.8a5.8 5.8 0 1 0 7 7z" />
        ) : (
          <>
            <circle cx="8" cy="8" r="2.9" />
            <path d="M8 .8v2M8 13.2v2M.8 8h2M13.2 8h2M2.9 2.9l1.4 1.4M11.7 11.7l1.4 1.4M13.1 2.9l-1.4 1.4M4.3 11.7l-1.4 1.4" />
          </>
        )}
      </svg>
    </button>
  );
}
