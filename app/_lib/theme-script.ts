export const THEME_KEY = 'taskatlas-theme';

/** Runs before the first paint, so that a dark page never flashes light. */
export const themeScript = `(()=>{let t;try{t=localStorage.getItem('${THEME_KEY}')}catch{}
document.documentElement.dataset.theme=t==='dark'||t==='light'?t:matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light'})()`;
