import '../courses/courses.css';
import { StaffHome } from '../courses/staff-home.tsx';
import { StudentHome } from '../courses/student-home.tsx';
import type { SignedIn } from '../sign-in.ts';

const HomePage = ({ person }: { person: SignedIn }) => (person.role === 'student' ? <StudentHome /> : <StaffHome />);
export default HomePage;
