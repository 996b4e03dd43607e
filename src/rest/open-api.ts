/** The frame of the OpenAPI document; its routes come from the route table. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

export const openApi: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Rollcast',
      version: '1',
      description:
        'Live roll call for many classrooms at once. Errors are RFC 9457 problems with a code and whether a repeat may succeed. Lists take limit and cursor.',
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    security: [{ token: [] }],
    tags: ['Courses', 'Sessions', 'Attendance', 'Reports', 'Students'].map((name) => ({ name })),
  },
  convertConstToEnum: false,
};
