export type Exchange = any;
export const useConversation = (_: any): any => ({ exchanges: [] });
