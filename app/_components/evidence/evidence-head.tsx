'use client';

import type { ReactNode } from 'react';
import { useSweep } from '@/app/_lib/use-sweep';
import { PageHead } from '../shell/page-head';
import { CopyLink } from '../ui/copy-button';
import { Download } from '../ui/download';

interface Props {
  id: string;
  /** Last steps of the trail, below the sweep. */
  trail: readonly { label: string; href?: string }[];
  title: ReactNode;
  finding: string | undefined;
  /** What the export button saves; no button before there is something. */
  export: { suffix: string; type: string; text: () => string } | null;
}

/** Head of the pages that say what a matrix rests on: trail below the sweep, finding, export and link. */
export function EvidenceHead({ id, trail, title, finding, export: file }: Props) {
  const sweep = useSweep(id);
  const name = sweep.data?.name;
  return (
    <PageHead
      trail={[{ label: name ?? 'Sweep', href: `/sweeps/${encodeURIComponent(id)}` }, ...trail]}
      title={title}
      finding={finding}
      liveSweep={id}
      actions={
        <>
          {file !== null && (
            <Download
              label="Export"
              name={`${name ?? id}-${file.suffix}`}
              type={file.type}
              text={file.text}
            />
          )}
          <CopyLink />
        </>
      }
    />
  );
}

/** An answer of the API as a file. */
export const jsonFile = (suffix: string, value: unknown) =>
  value === undefined
    ? null
    : { suffix, type: 'application/json', text: () => JSON.stringify(value, null, 2) };
