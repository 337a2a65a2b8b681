/** Injection token of the TypeORM DataSource, connected as the role `stele_gateway`. */
export const DATABASE = Symbol('DataSource');
