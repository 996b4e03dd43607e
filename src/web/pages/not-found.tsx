import { Link } from '../parts/link.tsx';
import { texts } from '../texts.ts';

export const NotFound = () => (
  <div className="card">
    <h1>{texts.errors.notFound}</h1>
    <Link to={{ page: 'home' }}>{texts.app.name}</Link>
  </div>
);
