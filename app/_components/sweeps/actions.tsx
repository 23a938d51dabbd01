'use client';

import { useState } from 'react';
import { z } from 'zod';
import { ApiError, post, sweepPath } from '@/app/_lib/api';
import { invalidate } from '@/app/_lib/use-api';
import type { SweepView } from '@/lib/service/contracts';

type Action = 'pause' | 'resume' | 'stop' | 'cancel' | 'retry-failed';

interface Offer {
  action: Action;
  label: string;
  /** Asked before it happens. */
  confirm?: string;
  title: string;
}

/** Pause, stop, cancel and retry-failed are different things (DESIGN §5); only what fits the state is offered. */
function offers(sweep: SweepView): Offer[] {
  if (sweep.origin === 'imported') return [];
  const out: Offer[] = [];
  if (sweep.state === 'active')
    out.push({ action: 'pause', label: 'Pause', title: 'Start nothing new; what runs goes on' });
  if (sweep.state === 'paused' || sweep.state === 'stopped')
    out.push({ action: 'resume', label: 'Resume', title: 'Go on' });
  if (sweep.progress.counts.failed > 0)
    out.push({ action: 'retry-failed', label: 'Retry failed', title: 'Run every failed run again' });
  if (sweep.state === 'active' || sweep.state === 'paused') {
    out.push({ action: 'stop', label: 'Stop', title: 'Stop what runs at its next checkpoint; resume later' });
    out.push({
      action: 'cancel',
      label: 'Cancel',
      title: 'Give the open runs up',
      confirm: 'Give up all open runs of this sweep? Finished runs stay.',
    });
  }
  return out;
}

export function SweepActions({ sweep }: { sweep: SweepView }) {
  const [busy, setBusy] = useState<Action | null>(null);
  const [error, setError] = useState<string | null>(null);
  const act = async ({ action, confirm }: Offer): Promise<void> => {
    if (confirm !== undefined && !window.confirm(confirm)) return;
    setBusy(action);
    setError(null);
    try {
      await post(sweepPath(sweep.id, `/${action}`), z.unknown());
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown.message : String(thrown));
    }
    setBusy(null);
    invalidate('/sweeps');
  };
  return (
    <>
      {offers(sweep).map((offer) => (
        <button
          key={offer.action}
          type="button"
          className="btn"
          title={offer.title}
          disabled={busy !== null}
          onClick={() => void act(offer)}
        >
          {busy === offer.action ? `${offer.label}…` : offer.label}
        </button>
      ))}
      {error !== null && (
        <p role="alert" className="basis-full text-fail text-label">
          {error}
        </p>
      )}
    </>
  );
}
