import type { SignedIn } from '../sign-in.ts';

const HomePage = ({ person }: { person: SignedIn }) => <h1>{person.name}</h1>;
export default HomePage;
