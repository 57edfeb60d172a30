import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import type { z } from 'zod';
import { Fault } from '../errors.js';
import { actorOf } from './access/actor.js';
import { requireRole, type Role } from './access/roles.js';
import { renameFields, type FieldNames } from './deprecated.js';
import { readBody } from './read-body.js';

/** A role that the user needs; `signed-in`: every user; `public`: also without a login. */
export type RouteAccess = Role | 'signed-in' | 'public';

/** A request whose query and body have been checked, and its response. */
export interface Exchange<Query, Body> {
  readonly request: Request;
  readonly response: Response;
  readonly query: Query;
  readonly body: Body;
  /** For the audit log. */
  readonly actor: { readonly actor: string; readonly remote: string };
  /** A parameter of the path, e.g. `study` of /api/studies/:study; as the client sent it. */
  param(name: string): string;
}

/** One operation of the HTTP interface. Both the express route and its description in the OpenAPI document are made of it. */
export interface Route {
  readonly method: 'get' | 'post';
  /** As express writes it: /api/studies/:study. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly summary: string;
  readonly description?: string | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly body?: RequestBody<z.ZodType> | undefined;
  readonly reply: Reply<z.ZodType>;
  readonly handle: (exchange: Exchange<never, never>) => unknown;
}

/** `file`: the handler reads the file from the request. */
export type RequestBody<Schema extends z.ZodType> =
  | 'file'
  | {
      readonly schema: Schema;
      /** Largest body, e.g. `4kb`. */
      readonly limit: string;
      /** Also as the form of a page without scripts. */
      readonly form?: boolean;
      /** Names of fields in the previous release, which are still accepted. */
      readonly formerNames?: FieldNames;
    };

/** `json`: what the handler returns; `empty`: a status without content; `content`: a media type, written by the handler. */
export type Reply<Schema extends z.ZodType> =
  | { readonly json: Schema; readonly statuses?: readonly number[]; readonly setsCookie?: boolean }
  | { readonly empty: 202 | 204 }
  | { readonly content: string; readonly statuses?: readonly number[] };

/** @returns the same route; here the types of query, body and reply are checked against the handler */
export function defineRoute<Query extends z.ZodObject, Body extends z.ZodType, Json extends z.ZodType>(route: {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly access: RouteAccess;
  readonly summary: string;
  readonly description?: string;
  readonly query?: Query;
  readonly body?: RequestBody<Body>;
  readonly reply: Reply<Json>;
  readonly handle: (exchange: Exchange<z.output<Query>, z.output<Body>>) => Promise<z.output<Json> | void> | z.output<Json> | void;
}): Route {
  return route;
}

/** The express routes, in order. */
export function routerOf(routes: readonly Route[], deprecated: (request: Request, response: Response, name: string) => void): Router {
  const router = Router();
  for (const route of routes) router[route.method](route.path, ...handlersOf(route, deprecated));
  return router;
}

function handlersOf(route: Route, deprecated: Parameters<typeof routerOf>[1]): readonly RequestHandler[] {
  const { access, body, reply, query, handle } = route;
  return [
    ...(access === 'public' ? [] : [access === 'signed-in' ? requireLogin : requireRole(access)]),
    ...(body === undefined || body === 'file' ? [] : [express.json({ limit: body.limit, type: ['json', '+json'] })]),
    ...(body !== undefined && body !== 'file' && body.form ? [express.urlencoded({ extended: false, limit: body.limit })] : []),
    async (request, response) => {
      if (body !== undefined && body !== 'file' && body.formerNames) {
        const renamed = renameFields(request.body, body.formerNames);
        for (const name of renamed.found) deprecated(request, response, name);
        request.body = renamed.value;
      }
      const exchange: Exchange<unknown, unknown> = {
        request,
        response,
        query: query && readQuery(request, query),
        body: body === undefined || body === 'file' ? undefined : readBody(request, body.schema),
        actor: actorOf(request, response),
        param: (name) => String(request.params[name]),
      };
      const value = await handle(exchange as Exchange<never, never>);
      if (response.headersSent || response.writableEnded || response.destroyed) return;
      if ('json' in reply) {
        if (reply.statuses?.length === 1) response.status(reply.statuses[0]!);
        response.json(value);
      } else if ('empty' in reply) response.status(reply.empty).end();
    },
  ];
}

const requireLogin: RequestHandler = (_request, response, next) => {
  if (response.locals['principal'] === undefined) throw new Fault('login-required', 'expected a logged-in user, found none');
  next();
};

/** @throws Fault `request-invalid` naming the parameter and what was expected; unknown parameters are left out */
function readQuery(request: Request, schema: z.ZodObject): unknown {
  const result = schema.safeParse(request.query);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`);
  throw new Fault('request-invalid', mistakes.join('; ').slice(0, 500));
}
