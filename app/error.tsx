'use client';

/** A fault of ours while drawing: the page says so and can be drawn again. */
export default function ErrorPage({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  return (
    <div role="alert" className="max-w-xl pt-10">
      <h1 className="font-semibold font-serif text-title">This page could not be drawn</h1>
      <p className="mt-2 font-serif text-finding">{error.message}</p>
      <button type="button" className="btn btn-primary mt-5" onClick={reset}>
        Draw it again
      </button>
    </div>
  );
}
