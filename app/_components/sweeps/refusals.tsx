import type { Problem } from '@/lib/service/contracts';

/** What a form refused, as a whole and by field. The alert is there before its text, so that it is read out. */
export function Refusals({
  message,
  issues,
}: {
  message: string | null;
  issues: Problem['error']['issues'];
}) {
  return (
    <div role="alert">
      {(message !== null || issues.length > 0) && (
        <div className="mt-3 rounded-control border border-fail p-3">
          {message !== null && <p className="text-fail">{message}</p>}
          <ul className="list-disc pl-4 text-ink2 text-label">
            {issues.map((issue) => (
              <li key={`${issue.path}${issue.message}`} className="break-words">
                <code className="font-mono">{issue.path === '' ? 'file' : issue.path}</code>: {issue.message}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
