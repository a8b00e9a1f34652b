import * as z from 'zod';
import { PERMISSIONS, ROLES } from '../access.ts';

export const permission = z.enum(PERMISSIONS);
export const role = z.enum(ROLES);
