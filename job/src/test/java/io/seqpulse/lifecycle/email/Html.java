package io.seqpulse.lifecycle.email;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** A mail's HTML, read strictly: a tag left open or an attribute broken out of is an error. */
final class Html {

    private final Document document;

    private Html(Document document) {
        this.document = document;
    }

    static Html parsed(String html) {
        String xml =
                html.replaceFirst("<!DOCTYPE html>", "")
                        .replaceAll("<(meta|br|img|hr)(\\b[^>]*?)/?>", "<$1$2/>")
                        .replace("&nbsp;", "&#160;")
                        .replace("&zwnj;", "&#8204;")
                        .strip();
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return new Html(
                    factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml))));
        } catch (org.xml.sax.SAXException | java.io.IOException bad) {
            throw new AssertionError(bad.getMessage() + " in:\n" + html, bad);
        } catch (javax.xml.parsers.ParserConfigurationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Targets of the links of a class. */
    List<String> links(String cssClass) {
        return elements("a").stream()
                .filter(a -> a.getAttribute("class").equals(cssClass))
                .map(a -> a.getAttribute("href"))
                .toList();
    }

    String attribute(String tag, String name) {
        return elements(tag).get(0).getAttribute(name);
    }

    long count(String... tags) {
        return Arrays.stream(tags).mapToLong(tag -> elements(tag).size()).sum();
    }

    long layoutTablesWithoutRole() {
        return elements("table").stream()
                .filter(table -> table.getElementsByTagName("th").getLength() == 0)
                .filter(table -> !table.getAttribute("role").equals("presentation"))
                .count();
    }

    /** What a client would have to load from elsewhere. */
    long remoteContent() {
        return elements("*").stream()
                .filter(e -> e.hasAttribute("src") || e.getAttribute("style").contains("url("))
                .count();
    }

    String text() {
        return document.getDocumentElement().getTextContent();
    }

    private List<Element> elements(String tag) {
        NodeList nodes = document.getElementsByTagName(tag);
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            elements.add((Element) nodes.item(i));
        }
        return elements;
    }
}
