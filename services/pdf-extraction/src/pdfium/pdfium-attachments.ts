/** Names of the files that a document carries. They are never unpacked: to learn their size would be to do that. */
import { attachmentName, MAX_ATTACHMENTS } from '../attachment-limits.ts';
import type { Attachment } from '../engine.ts';
import type { PdfiumLibrary } from './pdfium-library.ts';

/** The attached files; at most {@link MAX_ATTACHMENTS}. */
export function readAttachments({ api, text }: PdfiumLibrary, document: number): Attachment[] {
  const count = Math.min(MAX_ATTACHMENTS, api.FPDFDoc_GetAttachmentCount(document));
  const attachments: Attachment[] = [];
  for (let index = 0; index < count; index += 1) {
    const attachment = api.FPDFDoc_GetAttachment(document, index);
    if (attachment === 0) continue;
    attachments.push({
      name: attachmentName(text((buffer, bytes) => api.FPDFAttachment_GetName(attachment, buffer, bytes))),
    });
  }
  return attachments;
}
