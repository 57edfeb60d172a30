/** The model line that every installation has; further ones are named by the setting `models`. */
export const defaultLine = 'default';

/** Names of lines: they become names of folders and part of addresses. */
export const lineName = /^[a-z0-9]+(-[a-z0-9]+)*$/;
