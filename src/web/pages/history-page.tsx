import type { SignedIn } from '../sign-in.ts';

const HistoryPage = ({ person }: { person: SignedIn }) => <h1>{person.name}</h1>;
export default HistoryPage;
