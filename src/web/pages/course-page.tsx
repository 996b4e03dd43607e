const CoursePage = ({ course_id }: { course_id: string }) => <h1>{course_id}</h1>;
export default CoursePage;
