/** "→" drawn, because the bundled fonts' Latin subsets lack it. Read aloud as "to". */
export function Arrow({ className = '' }: { className?: string }) {
  return (
    <>
      <svg
        viewBox="0 0 16 10"
        className={`mr-[0.22em] ml-[0.34em] inline h-[0.55em] w-[0.88em] align-[0.06em] ${className}`}
        aria-hidden="true"
      >
        <path d="M0 5h14M10 1l4.4 4-4.4 4" fill="none" stroke="currentColor" strokeWidth="1.7" />
      </svg>
      <span className="sr-only"> to </span>
    </>
  );
}
