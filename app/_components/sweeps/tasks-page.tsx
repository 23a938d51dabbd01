'use client';

import { taskList } from '@/app/_lib/answers';
import { plural } from '@/app/_lib/format';
import { FAMILY_NAME, FAMILY_ORDER } from '@/app/_lib/tree';
import { useApi } from '@/app/_lib/use-api';
import type { TaskView } from '@/lib/service/contracts';
import { PageHead } from '../shell/page-head';
import { Empty, Failure, Loading } from '../ui/status';

const FAMILY_NOTE: Record<TaskView['family'], string> = {
  geometry: 'shape and distance of what is seen',
  semantics: 'what things are',
  layout: 'the room and the camera in it',
  texture: 'the picture itself, pixels and edges',
  control: 'sources that should teach nothing',
};

const DATASETS = [
  {
    name: 'rooms',
    text: 'Indoor scenes rendered from a seed with exact ground truth for every task: furniture of many parts, several lights, shadows, varied cameras. Split by scene; the same seed gives the same pixels.',
  },
  {
    name: 'idx',
    text: 'Images that people did not render: a folder of IDX files such as Fashion-MNIST or MNIST, with the tasks that make sense on them.',
  },
  {
    name: 'taskonomy',
    text: 'Scans of real buildings with their labels: a folder in the layout of Taskonomy or Omnidata. Split by building; damaged files are named.',
  },
  {
    name: 'image-folder',
    text: 'Pictures sorted into one folder per class, PNG or JPEG: classification and what the pictures give by themselves.',
  },
] as const;

const role = (task: TaskView): string =>
  task.source && task.target ? 'source and target' : task.source ? 'source only' : 'target only';

/** The dictionary of tasks, by family, and the data sets. */
export function TasksPage() {
  const { data, error, retry } = useApi('/tasks', taskList);
  const tasks = data?.tasks ?? [];
  const families = FAMILY_ORDER.filter((f) => tasks.some((t) => t.family === f));
  return (
    <>
      <PageHead
        title="Datasets and tasks"
        finding={
          tasks.length === 0
            ? undefined
            : `${plural(tasks.length, 'task')} can be combined in a sweep; ${tasks.filter((t) => t.target).length} of them can be targets.`
        }
      />
      <section aria-label="Datasets" className="mt-4 grid grid-cols-2 gap-x-9 gap-y-4 phone:grid-cols-1">
        {DATASETS.map((d) => (
          <div key={d.name}>
            <h2 className="section-title">
              Dataset <code className="font-mono">{d.name}</code>
            </h2>
            <p className="mt-1 text-ink2">{d.text}</p>
          </div>
        ))}
      </section>
      {data === undefined ? (
        <div className="mt-5">
          {error === null ? (
            <Loading what="the tasks" />
          ) : (
            <Failure error={error} retry={retry} title="The tasks cannot be listed" />
          )}
        </div>
      ) : tasks.length === 0 ? (
        <Empty title="No tasks">The catalog is empty.</Empty>
      ) : (
        families.map((family) => (
          <section key={family} aria-label={FAMILY_NAME[family]} className="mt-7">
            <h2 className="flex items-baseline gap-2 border-line2 border-b pb-1.5">
              <span className="font-semibold font-serif text-object">{FAMILY_NAME[family]}</span>
              <span className="text-ink2 text-label">{FAMILY_NOTE[family]}</span>
            </h2>
            <ul className="grid grid-cols-2 gap-x-9 max-[1080px]:grid-cols-1">
              {tasks
                .filter((t) => t.family === family)
                .map((task) => (
                  <li
                    key={task.id}
                    className="grid grid-cols-[170px_minmax(0,1fr)] gap-x-4 border-line border-b py-2.5 phone:grid-cols-1"
                  >
                    <div>
                      <p className="font-semibold">{task.name}</p>
                      <p className="font-mono text-[11px] text-ink3">{task.id}</p>
                    </div>
                    <div>
                      <p className="text-ink2">{task.summary}</p>
                      <p className="text-ink3 text-tick">
                        {role(task)}
                        {task.labelCost !== 1 && `, label cost ${task.labelCost}`}
                      </p>
                    </div>
                  </li>
                ))}
            </ul>
          </section>
        ))
      )}
    </>
  );
}
