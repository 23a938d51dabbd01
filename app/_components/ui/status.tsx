'use client';

import type { ReactNode } from 'react';
import type { ApiError } from '@/app/_lib/api';

/** A place where data will stand; the shape keeps the page from jumping. */
export function Skeleton({ className = '' }: { className?: string }) {
  return <div className={`skeleton ${className}`} aria-hidden="true" />;
}

export function Loading({ what, children }: { what: string; children?: ReactNode }) {
  return (
    <div role="status" aria-label={`Loading ${what}`}>
      {children ?? (
        <div className="flex flex-col gap-3 pt-2">
          <Skeleton className="h-6 w-80 max-w-full" />
          <Skeleton className="h-4 w-[34rem] max-w-full" />
          <Skeleton className="mt-4 h-72 w-full" />
        </div>
      )}
    </div>
  );
}

/** What went wrong, in the server's words, and a way to try again. */
export function Failure({ error, retry, title }: { error: ApiError; retry?: () => void; title?: string }) {
  return (
    <div role="alert" className="card max-w-2xl border-l-4 border-l-fail p-4">
      <p className="section-title">{title ?? (error.status === 404 ? 'Not found' : 'This did not work')}</p>
      <p className="mt-1 text-ink2">{error.message}</p>
      {error.issues.length > 0 && (
        <ul className="mt-2 list-disc pl-5 text-ink2">
          {error.issues.map((issue) => (
            <li key={`${issue.path} ${issue.message}`}>
              <code className="font-mono text-[12px]">{issue.path}</code>: {issue.message}
            </li>
          ))}
        </ul>
      )}
      {retry !== undefined && error.status !== 404 && (
        <button type="button" className="btn mt-3" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="rounded-card border border-line2 border-dashed px-6 py-10 text-center">
      <p className="font-semibold font-serif text-object">{title}</p>
      <div className="mx-auto mt-2 max-w-lg text-ink2">{children}</div>
    </div>
  );
}
