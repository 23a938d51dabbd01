import { Start } from './_components/sweeps/start';

export default function Page() {
  return <Start />;
}
