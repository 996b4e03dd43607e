/** The people of the demo. All invented. */

export type DemoPerson = { id: string; name: string };

export const TEACHER: DemoPerson = { id: 'demo-teacher', name: 'Ruth Adeyemi' };

const NAMES = [
  'Amara Okafor',
  'Mateo Villanueva',
  'Yuki Tanabe',
  'Lena Brandstätter',
  'Omar Haddad',
  'Priya Raghunathan',
  'Tomasz Wiśniak',
  'Chiara Bellandi',
  'Noah Lindqvist',
  'Fatoumata Keïta',
  'Siobhán Kearney',
  'Minh Anh Trịnh',
  'Lucas Moreau-Petit',
  'Zeynep Karaca',
  'Diego Ibarra',
  'Hana Novotná',
  'Kwame Asante-Boateng',
  'Sofia Papadaki',
  'Arjun Mehrotra',
  'Emily Whitcombe',
  'Bilal Chaudhry',
  'Ingrid Solheim',
  'Thiago Nascimento',
  'Nia Penderel',
  'Ji-woo Baek',
  'Leila Farrokhzadeh',
  'Ethan Blackwood',
  'Mariana Quispe',
  'Dmytro Kovalenko',
  'Aroha Ngatai',
];

/** id is the student's id and the user id in their token; roll numbers follow the list. */
export const STUDENTS: readonly DemoPerson[] = NAMES.map((name, index) => ({
  id: `demo-student-${String(index + 1).padStart(2, '0')}`,
  name,
}));

/** These do not take part in the simulation: their tokens are printed, for whoever tries the demo. */
export const STUDENTS_FOR_YOU = STUDENTS.slice(0, 2);
