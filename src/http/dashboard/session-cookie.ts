/** The name of the cookie that holds the id of a session. */
export const SESSION_COOKIE = 'proxy_session';
