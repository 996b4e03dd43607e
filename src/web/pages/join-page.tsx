import type { Settings } from '../settings.ts';
import type { SignedIn } from '../sign-in.ts';

type JoinPageProps = { session_id: string; code: string; settings: Settings; person: SignedIn | null };

const JoinPage = ({ session_id }: JoinPageProps) => <h1>{session_id}</h1>;
export default JoinPage;
