import { Link } from '@tanstack/react-router';
import { Empty } from '../components/states.tsx';

/** An address that is no page. */
export function NotFound() {
  return (
    <Empty title="There is no such page" action={<Link to="/">Go to the overview</Link>}>
      The address may be mistyped, or from another version of Quotron.
    </Empty>
  );
}
