import Link from 'next/link';

export function Logo() {
  return (
    <Link href="/" className="flex items-center gap-2.5 px-1" aria-label="Taskatlas, start page">
      <svg width="22" height="18" viewBox="0 0 22 18" aria-hidden="true">
        <path d="M5 9h4c4 0 3.4-6 7-6M9 9c4 0 3.4 6 7 6" fill="none" stroke="var(--ink)" strokeWidth="1.7" />
        <circle cx="4" cy="9" r="3.4" fill="var(--accent)" />
        <circle cx="18" cy="3.4" r="2.4" fill="var(--nav)" stroke="var(--ink)" strokeWidth="1.7" />
        <circle cx="18" cy="14.6" r="2.4" fill="var(--nav)" stroke="var(--ink)" strokeWidth="1.7" />
      </svg>
      <span className="font-semibold font-serif text-[17px]">Taskatlas</span>
    </Link>
  );
}
