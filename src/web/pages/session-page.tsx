const SessionPage = ({ session_id }: { session_id: string }) => <h1>{session_id}</h1>;
export default SessionPage;
