import { z } from 'zod';
import * as log from './otp-log.ts';
import { awsReceiptBody } from './otp-receipt.ts';
import * as templates from './otp-template.ts';
import { route } from './route.ts';

const tag = 'Codes of a gym';
const templateParams = z.object({ templateId: z.uuid() });
/** Both bodies in characters of three bytes, and escaped ones. */
const bodyLimitBytes = 8 * 1024;
const forTheGym = 'For owners and managers, in the tenant of their token.';

/** What a gym's owner or manager sees and sets of its one-time passwords. */
export const otpAdministrationRoutes = {
  listOtpTemplates: route({
    method: 'GET',
    path: '/api/otp/templates',
    tag,
    summary: 'List templates',
    description: forTheGym,
    secured: true,
    query: templates.listOtpTemplatesQuery,
    success: { status: 200, description: 'A page of templates, by name', body: templates.otpTemplatePage },
    problems: ['forbidden', 'not_found'],
  }),
  createOtpTemplate: route({
    method: 'POST',
    path: '/api/otp/templates',
    tag,
    summary: 'Create a template',
    description: `${forTheGym} The answer shows how it reads, and what an SMS of it costs in segments.`,
    secured: true,
    body: templates.otpTemplateRequest,
    bodyLimitBytes,
    success: {
      status: 201,
      description: 'Created',
      body: templates.otpTemplate,
      headers: { Location: 'The template' },
    },
    securityEvent: 'otp-template.create',
    problems: ['forbidden', 'not_found', 'template_name_taken'],
  }),
  showOtpTemplate: route({
    method: 'GET',
    path: '/api/otp/templates/{templateId}',
    tag,
    summary: 'Show a template',
    description: forTheGym,
    secured: true,
    params: templateParams,
    success: { status: 200, description: 'The template', body: templates.otpTemplate },
    problems: ['forbidden', 'not_found'],
  }),
  replaceOtpTemplate: route({
    method: 'PUT',
    path: '/api/otp/templates/{templateId}',
    tag,
    summary: 'Replace a template',
    description: `${forTheGym} Codes sent from a few seconds later on are in the new words.`,
    secured: true,
    params: templateParams,
    body: templates.otpTemplateRequest,
    bodyLimitBytes,
    success: { status: 200, description: 'Replaced', body: templates.otpTemplate },
    securityEvent: 'otp-template.replace',
    problems: ['forbidden', 'not_found', 'template_name_taken'],
  }),
  deleteOtpTemplate: route({
    method: 'DELETE',
    path: '/api/otp/templates/{templateId}',
    tag,
    summary: 'Delete a template',
    description: forTheGym,
    secured: true,
    params: templateParams,
    success: { status: 204, description: 'Gone; codes are sent in the platform’s own words' },
    securityEvent: 'otp-template.delete',
    problems: ['forbidden', 'not_found'],
  }),
  listOtpLog: route({
    method: 'GET',
    path: '/api/otp/log',
    tag,
    summary: 'Search the log',
    description: `${forTheGym} A send shows up within about a second.`,
    secured: true,
    query: log.otpLogQuery,
    success: { status: 200, description: 'A page of sends, newest first', body: log.otpLogPage },
    securityEvent: 'otp-log.read',
    problems: ['forbidden', 'not_found'],
  }),
  searchOtpLog: route({
    method: 'POST',
    path: '/api/otp/log/search',
    tag,
    summary: 'Search the log for somebody',
    description: `${forTheGym} As the search by GET, with the address in the body.`,
    secured: true,
    body: log.otpLogSearch,
    success: { status: 200, description: 'A page of sends, newest first', body: log.otpLogPage },
    securityEvent: 'otp-log.read',
    problems: ['forbidden', 'not_found'],
  }),
  summariseOtpLog: route({
    method: 'GET',
    path: '/api/otp/log/summary',
    tag,
    summary: 'Count sends, conversion and cost',
    description: `${forTheGym} The last thirty days unless said otherwise.`,
    secured: true,
    query: log.otpLogSummaryQuery,
    success: { status: 200, description: 'The summary', body: log.otpLogSummary },
    problems: ['forbidden', 'not_found'],
  }),
  mitakeReceipt: route({
    method: 'GET',
    path: '/api/otp/receipts/mitake/{token}',
    tag: 'Delivery receipts',
    summary: 'What became of an SMS (called by Mitake)',
    secured: false,
    params: z.object({
      token: z
        .string()
        .regex(/^[\w-]{40,300}$/)
        .meta({ description: 'Sealed: it names one message, and only we can make it' }),
    }),
    query: z.object({
      msgid: z.string().max(64),
      statuscode: z.string().max(8).optional(),
      statusstr: z.string().max(32).optional(),
    }),
    success: { status: 200, description: 'Taken', body: z.string(), contentType: 'text/plain' },
    problems: ['not_found'],
  }),
  awsReceipt: route({
    method: 'POST',
    path: '/api/otp/receipts/aws',
    tag: 'Delivery receipts',
    summary: 'What became of an SMS or an e-mail (called by Amazon SNS or EventBridge)',
    description:
      'Takes the events of AWS End User Messaging SMS and of Amazon SES, bare or in their envelopes, and confirms the ' +
      "subscription of the platform's own topic, by its signature.",
    secured: false,
    body: awsReceiptBody,
    // An event of SES repeats the headers of its message.
    bodyLimitBytes: 128 * 1024,
    success: { status: 204, description: 'Taken, or none of ours' },
    problems: ['forbidden'],
  }),
} as const;
