'use client';

/** Saves a text made on the page. */
export function Download({
  name,
  type,
  text,
  label,
}: {
  name: string;
  type: string;
  text: () => string;
  label: string;
}) {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([text()], { type }));
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = name;
    anchor.click();
    URL.revokeObjectURL(url);
  };
  return (
    <button type="button" className="btn" onClick={save}>
      {label}
    </button>
  );
}
