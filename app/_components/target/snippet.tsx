'use client';

import { useState } from 'react';
import { CopyButton } from '../ui/copy-button';
import { Segmented } from '../ui/segmented';

const LANGUAGES = [
  { value: 'curl', label: 'curl' },
  { value: 'ts', label: 'TypeScript' },
  { value: 'python', label: 'Python' },
] as const;
type Language = (typeof LANGUAGES)[number]['value'];

function snippetText(language: Language, url: string): string {
  if (language === 'curl') return `curl -s '${url}'`;
  if (language === 'ts')
    return `const answer = await fetch(\n  '${url}',\n);\nconst { sources } = await answer.json();`;
  return `import requests\nanswer = requests.get(\n    "${url}"\n)\nsources = answer.json()["sources"]`;
}

/** The request behind the page, ready to paste. */
export function Snippet({ path }: { path: string }) {
  const [language, setLanguage] = useState<Language>('curl');
  const origin = typeof window === 'undefined' ? '' : window.location.origin;
  const text = snippetText(language, origin + path);
  return (
    <section aria-label="Get this ranking" className="rule pt-3">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h2 className="section-title">Get this ranking</h2>
        <Segmented label="Language" hideLabel value={language} options={LANGUAGES} onChange={setLanguage} />
      </div>
      <div className="card flex items-start gap-3 p-3">
        <pre className="min-w-0 grow whitespace-pre-wrap break-all font-mono text-[11.5px] leading-relaxed">
          {text}
        </pre>
        <CopyButton label="Copy" text={() => text} />
      </div>
    </section>
  );
}
