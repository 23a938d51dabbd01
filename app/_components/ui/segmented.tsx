'use client';

interface Props<T extends string> {
  label: string;
  hideLabel?: boolean;
  value: T;
  options: readonly { value: T; label: string; disabled?: boolean }[];
  onChange: (value: T) => void;
  wide?: boolean;
}

/** A row of choices of which exactly one is on. Arrow keys come with the native radio buttons. */
export function Segmented<T extends string>({ label, hideLabel, value, options, onChange, wide }: Props<T>) {
  return (
    <fieldset className={`flex items-center gap-3 ${wide ? 'w-full' : ''}`}>
      <legend className={hideLabel ? 'sr-only' : 'float-left text-label text-ink3'}>{label}</legend>
      <div
        className={`flex overflow-hidden rounded-control border border-line2 bg-panel ${wide ? 'w-full' : ''}`}
      >
        {options.map((option) => (
          <label
            key={option.value}
            className={`relative border-line2 border-r py-[5px] text-center text-[12.5px] last:border-r-0 has-focus-visible:z-10 has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:-outline-offset-2 ${wide ? 'flex-1 px-1' : 'px-3'} ${
              option.value === value
                ? 'bg-ink font-semibold text-paper'
                : option.disabled
                  ? 'cursor-not-allowed text-ink3 opacity-60'
                  : 'cursor-pointer text-ink2 hover:bg-nav hover:text-ink'
            }`}
          >
            <input
              type="radio"
              className="sr-only"
              name={`segmented-${label}`}
              checked={option.value === value}
              disabled={option.disabled}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
