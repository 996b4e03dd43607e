/** The frame of the OpenAPI document; its routes come from the route table. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

type Operation = { requestBody?: { required?: boolean; content: Record<string, { schema: { required?: string[] } }> } };

export const openApi: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Rollcast',
      version: '1',
      description:
        'Live roll call for many classrooms at once. Errors are RFC 9457 problems with a code and whether a repeat may succeed. Lists take limit and cursor.',
    },
    externalDocs: { description: 'Socket.IO events', url: '/docs/events' },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    security: [{ token: [] }],
    tags: ['Courses', 'Sessions', 'Attendance', 'Reports', 'Students'].map((name) => ({ name })),
  },
  convertConstToEnum: false,
  // Where nothing of a body is required, neither is the body.
  transformObject: (made) => {
    const document = 'openapiObject' in made ? made.openapiObject : made.swaggerObject;
    for (const path of Object.values(document.paths ?? {})) {
      for (const { requestBody } of Object.values(path as Record<string, Operation>)) {
        if (requestBody === undefined) continue;
        requestBody.required = Object.values(requestBody.content).some(({ schema }) => schema.required !== undefined);
      }
    }
    return document;
  },
};
