/** Stands for the router of a service of one's own: `export type OrdersRouter = typeof router`. */
export type { UserRouter as OrdersRouter } from '@portcullis/api';
