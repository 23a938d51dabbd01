import type { Metadata, Viewport } from 'next';
import { type ReactNode, Suspense } from 'react';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/inter/wght-italic.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@fontsource-variable/source-serif-4/wght.css';
import './globals.css';
import { Shell } from './_components/shell/shell';
import { themeScript } from './_lib/theme-script';

export const metadata: Metadata = {
  title: { default: 'Taskatlas', template: '%s · Taskatlas' },
  description: 'Which tasks teach which: affinities between tasks and the best transfer policy.',
};

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fcfbf8' },
    { media: '(prefers-color-scheme: dark)', color: '#10161a' },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" data-theme="light" suppressHydrationWarning>
      <head>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours that must run before the first paint */}
        <script dangerouslySetInnerHTML={{ __html: themeScript }} />
      </head>
      <body>
        <Shell>
          <Suspense>{children}</Suspense>
        </Shell>
      </body>
    </html>
  );
}
