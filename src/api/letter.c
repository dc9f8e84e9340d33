/* api/letter.c - the letter of authorisation for cross-connects to ports: one page of PDF 1.4 with
 * a standard font, made by hand since it has a dozen lines. */
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"
#include "base/base64.h"

/* Text in a PDF string: what is not plain ASCII becomes '?', brackets are escaped. */
static void add_line(struct text *t, const char *label, const char *value)
{
    text_add(t, "(");
    for (const char *const parts[] = {label, value}, *const *p = parts; p < parts + 2; p++)
        for (const char *s = *p; *s; s++) {
            if (*s == '(' || *s == ')' || *s == '\\') text_add(t, "\\");
            text_addf(t, "%c", *s >= ' ' && *s <= '~' ? *s : '?');
        }
    text_add(t, ") Tj T*\n");
}

static void add_link(struct call *c, struct text *t, const struct record *port, int i)
{
    char *key = arena_printf(&c->arena, "%s/links/link%d", port->key, i);
    const struct record *link = key ? record_load(c, key) : NULL;
    if (!link) return;
    add_line(t, "", "");
    add_line(t, "Link: ", record_text(link, "name"));
    add_line(t, "  Router: ", props_text(link, "routerName"));
    add_line(t, "  Interface: ", props_text(link, "interfaceName"));
    add_line(t, "  Rack: ", props_text(link, "rackId"));
    add_line(t, "  Patch panel: ", props_text(link, "patchPanelId"));
    add_line(t, "  Connector: ", props_text(link, "connectorType"));
}

static void page_text(struct call *c, struct text *t, const struct record *port,
                      const char *customer)
{
    text_add(t, "BT /F1 16 Tf 72 760 Td 20 TL\n");
    add_line(t, "Letter of Authorization", "");
    text_add(t, "/F1 11 Tf 15 TL\n");
    add_line(t, "", "");
    add_line(t, "Customer: ", customer);
    add_line(t, "Ports: ", record_text(port, "id"));
    add_line(t, "Peering location: ", props_text(port, "peeringLocation"));
    add_line(t, "Encapsulation: ", props_text(port, "encapsulation"));
    add_line(t, "Allocated: ", internal_text(port, "allocated"));
    add_line(t, "", "");
    add_line(t, "The customer may order cross-connects to the ports below.", "");
    add_link(c, t, port, 1);
    add_link(c, t, port, 2);
    text_add(t, "ET\n");
}

static void pdf(struct text *out, const struct text *page)
{
    enum { OBJECTS = 5 };
    static const char *const heads[OBJECTS - 1] = {
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        ("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font "
         "<< /F1 4 0 R >> >> >>"),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"};
    size_t at[OBJECTS];
    text_add(out, "%PDF-1.4\n");
    for (int i = 0; i < OBJECTS; i++) {
        at[i] = out->n;
        if (i < OBJECTS - 1)
            text_addf(out, "%d 0 obj\n%s\nendobj\n", i + 1, heads[i]);
        else
            text_addf(out, "%d 0 obj\n<< /Length %zu >>\nstream\n%sendstream\nendobj\n", i + 1,
                      page->n, text_get(page));
    }
    size_t xref = out->n;
    text_addf(out, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (int i = 0; i < OBJECTS; i++) text_addf(out, "%010zu 00000 n \n", at[i]);
    text_addf(out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", OBJECTS + 1,
              xref);
}

json_t *letter_make(struct call *c, const struct record *port, const char *customer)
{
    struct text page = {0}, whole = {0}, coded = {0};
    page_text(c, &page, port, customer);
    pdf(&whole, &page);
    base64_add(BASE64_STANDARD, text_get(&whole), whole.n, &coded);
    json_t *out = json_pack("{s:s}", "encodedContent", text_get(&coded));
    text_drop(&page);
    text_drop(&whole);
    text_drop(&coded);
    return out;
}
