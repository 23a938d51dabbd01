'use client';

import Link from 'next/link';
import { sweepPath } from '@/app/_lib/api';
import { useApi } from '@/app/_lib/use-api';
import { useSweep } from '@/app/_lib/use-sweep';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import { type GalleryView, galleryView } from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { CopyLink } from '../ui/copy-button';
import { PageBody } from '../ui/page-body';
import { Segmented } from '../ui/segmented';
import { Empty } from '../ui/status';

type Shown = GalleryView['images'][number];

/** Every task of one test image side by side: what is asked, and what the task's own network answers. */
export function GalleryPage({ id }: { id: string }) {
  const sweep = useSweep(id);
  const { query, set } = useUrlState();
  const state = useApi(sweepPath(id, '/gallery'), galleryView);
  const what = oneOf(query.get('show'), ['both', 'truth', 'prediction'] as const);
  const base = `/sweeps/${encodeURIComponent(id)}`;
  const images = state.data?.images ?? [];
  const image = images.find((i) => String(i.index) === query.get('image')) ?? images[0];
  return (
    <>
      <PageHead
        trail={[{ label: sweep.data?.name ?? 'Sweep', href: base }, { label: 'Gallery' }]}
        title="One image, every task"
        finding={
          image === undefined
            ? undefined
            : `What ${image.tasks.length} tasks ask of the same test image, and how their own networks answer.`
        }
        liveSweep={id}
        actions={<CopyLink />}
      />
      <PageBody state={state} what="the gallery">
        {() =>
          image === undefined ? (
            <div className="mt-5">
              <Empty title="No picture yet">
                {sweep.data?.origin === 'imported'
                  ? 'Imported results hold numbers only.'
                  : 'Pictures appear when the first task’s own network is done.'}
              </Empty>
            </div>
          ) : (
            <>
              <div className="flex flex-wrap items-center gap-x-6 gap-y-2 py-3">
                <Picker images={images} chosen={image} onChoose={(index) => set({ image: String(index) })} />
                <Segmented
                  label="Show"
                  value={what}
                  options={[
                    { value: 'both', label: 'Both' },
                    { value: 'truth', label: 'Label' },
                    { value: 'prediction', label: 'Own network' },
                  ]}
                  onChange={(v) => set({ show: v === 'both' ? null : v })}
                />
              </div>
              <Wall image={image} what={what} name={sweep.name} base={base} />
            </>
          )
        }
      </PageBody>
    </>
  );
}

/** Test images by their picture; the pressed one is shown large. */
function Picker({
  images,
  chosen,
  onChoose,
}: {
  images: readonly Shown[];
  chosen: Shown;
  onChoose: (index: number) => void;
}) {
  return (
    <fieldset className="flex flex-wrap items-center gap-1.5">
      <legend className="float-left mr-3 text-ink3 text-label leading-[44px]">Test image</legend>
      {images.slice(0, 12).map((image) => {
        const input = image.tasks.find((t) => t.input !== null)?.input;
        const on = image.index === chosen.index;
        return (
          <button
            key={image.index}
            type="button"
            aria-pressed={on}
            aria-label={`Test image ${image.index}`}
            className={`overflow-hidden rounded-control border-2 ${on ? 'border-accent' : 'border-transparent hover:border-line2'}`}
            onClick={() => onChoose(image.index)}
          >
            {input != null ? (
              // biome-ignore lint/performance/noImgElement: PNGs of 16 to 256 pixels from our own API
              <img src={input} alt="" className="size-10 object-cover [image-rendering:pixelated]" />
            ) : (
              <span className="block size-10 bg-line text-tick leading-10">{image.index}</span>
            )}
          </button>
        );
      })}
    </fieldset>
  );
}

interface WallProps {
  image: Shown;
  what: 'both' | 'truth' | 'prediction';
  name: (id: string) => string;
  base: string;
}

function Wall({ image, what, name, base }: WallProps) {
  const input = image.tasks.find((t) => t.input !== null)?.input ?? null;
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(168px,1fr))] gap-x-4 gap-y-5 phone:grid-cols-2">
      {input !== null && (
        <li>
          <div className="flex gap-1">
            <Picture url={input} alt={`Test image ${image.index}`} half={what === 'both'} />
          </div>
          <p className="mt-1 font-semibold">Input</p>
          <p className="text-ink3 text-tick">test image {image.index}</p>
        </li>
      )}
      {image.tasks.map((task) => (
        <li key={task.task}>
          {task.pictures > 1 && task.input !== null && (
            // biome-ignore lint/performance/noImgElement: PNGs of 16 to 256 pixels from our own API
            <img
              src={task.input}
              alt={`${name(task.task)}, the ${task.pictures} pictures that it compares`}
              className="mb-1 w-full rounded-tile border border-line [image-rendering:pixelated]"
            />
          )}
          <div className="flex gap-1">
            {what !== 'prediction' && task.truth !== null && (
              <Picture url={task.truth} alt={`${name(task.task)}, label`} />
            )}
            {what !== 'truth' && task.prediction !== null && (
              <Picture url={task.prediction} alt={`${name(task.task)}, answer of its own network`} />
            )}
          </div>
          <p className="mt-1 truncate">
            <Link
              className="font-semibold hover:underline"
              href={`${base}/targets/${encodeURIComponent(task.task)}`}
            >
              {name(task.task)}
            </Link>
          </p>
          <p className="text-ink3 text-tick">
            {what === 'both' ? 'label, own network' : what === 'truth' ? 'label' : 'own network'}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Picture({ url, alt, half = false }: { url: string; alt: string; half?: boolean }) {
  return (
    // biome-ignore lint/performance/noImgElement: PNGs of 16 to 256 pixels from our own API
    <img
      src={url}
      alt={alt}
      className={`aspect-square min-w-0 rounded-tile border border-line bg-line object-contain [image-rendering:pixelated] ${half ? 'w-[calc(50%-2px)]' : 'flex-1'}`}
    />
  );
}
