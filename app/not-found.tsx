import Link from 'next/link';

export default function NotFound() {
  return (
    <div className="max-w-xl pt-10">
      <h1 className="font-semibold font-serif text-title">This page is not on the map</h1>
      <p className="mt-2 font-serif text-finding">
        The address leads nowhere. The sweep or task may have been named differently.
      </p>
      <Link href="/" className="btn btn-primary mt-5">
        To the latest sweep
      </Link>
    </div>
  );
}
